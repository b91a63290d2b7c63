"""From what a payment source gave to Findings: a workbook's batches, or records behind a cursor."""

import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from notifier.domain.benefits import Finding, Issue
from notifier.domain.errors import SourceError
from notifier.sources.headers import HeaderAliases, header_key
from notifier.sources.lines import Cell, Line
from notifier.sources.payment_definitions import RecordDefinition
from notifier.sources.payments import PaymentWorkbook, batches_of, identities_of
from notifier.sources.workbook import Reading

_SAFE_DIGITS = 10**15


def findings_of(source: str, content: bytes, workbook: PaymentWorkbook, now: datetime) -> list[Finding]:
    """A Finding for each batch of a workbook that has lines; `content` is the file and the proof."""
    digest = hashlib.sha256(content).hexdigest()
    return [
        Finding(source, identities_of(batch, digest), batch, content, now) for batch in workbook.batches if batch.lines
    ]


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one page or push as they came, and how far the source is read with them."""

    rows: Sequence[Mapping[str, Any]]
    memory: Mapping[str, str]
    at: datetime


def record_findings(definition: RecordDefinition, records: Records, aliases: HeaderAliases) -> list[Finding]:
    """The page's batches; the last one carries the memory, in whose commit it is kept. Blocks: call it in a thread.

    Batches of rejected rows alone are among them, since a cursor never comes back to those rows.
    """
    content = orjson.dumps(records.rows, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    digest = hashlib.sha256(content).hexdigest()
    batches = read_records(definition, records.rows, aliases).batches
    found = [
        Finding(definition.name, identities_of(batch, digest), batch, content, records.at, advances=True)
        for batch in batches
    ]
    return [*found[:-1], *(replace(last, memory=dict(records.memory)) for last in found[-1:])]


def read_records(
    definition: RecordDefinition, rows: Sequence[Mapping[str, Any]], aliases: HeaderAliases
) -> PaymentWorkbook:
    """The records as batches, by the same words and rules as a workbook's rows; record n is row n, from 1.

    Raises InputError when the records name nothing that we know.
    """
    constants = {f"={name}": value for name, value in definition.constants.items()}
    lines = _lines([{**row, **constants} for row in rows])
    reading = Reading(lines, definition.title, _their_words(definition, aliases), by_content=False)
    return batches_of(reading, definition.title, Issue.PART)


def _their_words(definition: RecordDefinition, aliases: HeaderAliases) -> HeaderAliases:
    fields = {field: field for field in aliases.fields.values()}
    ours = {header_key(f"={name}"): name for name in definition.constants}
    theirs = {header_key(said): field for field, said in definition.columns.items()}
    taken = {*definition.columns, *definition.constants}
    # What the definition says of a field holds; another column of that name would only be a rival.
    others = {key: field for key, field in {**fields, **aliases.fields}.items() if field not in taken}
    return HeaderAliases({**others, **theirs, **ours}, aliases.required)


def _lines(rows: Sequence[Mapping[str, Any]]) -> Generator[Line, None, None]:
    header = list(dict.fromkeys(str(name) for row in rows for name in row))
    yield Line("", 0, list(header))
    for number, row in enumerate(rows, 1):
        yield Line("", number, [_cell(row.get(name)) for name in header])


def _cell(value: Any) -> Cell:
    """The value as a workbook would hold it; a long whole number is the text that it was meant as."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value) if abs(value) >= _SAFE_DIGITS else value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | float) else None


def only_records(items: Iterable[Any]) -> tuple[list[Mapping[str, Any]], int]:
    """Those of the items that are records, and how many are not."""
    found = list(items)
    rows = [item for item in found if isinstance(item, Mapping)]
    return rows, len(found) - len(rows)


def secret_of(secrets: Mapping[str, str], variable: str, source: str) -> str:
    """The secret in an environment variable. Raises SourceError naming the variable when it is not set."""
    value = secrets.get(variable, "")
    if not value:
        raise SourceError(f"来源 {source} 需要的环境变量 {variable} 没有设置；请设置后重新启动", temporary=False)
    return value
