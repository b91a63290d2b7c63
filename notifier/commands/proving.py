"""Proving the rate: the ledger held against a record that it did not write."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from notifier.app import open_ledger_at
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.errors import InputError
from notifier.domain.messages import Medium
from notifier.settings import load_settings
from notifier.store.proof import HandsetRecord, prove

_RECORDS_A_BATCH = 2_000
_FIELDS = ("medium", "out_id", "address")


def proof_command(
    records: Annotated[str, typer.Argument(help='a file of JSON lines, or "-" for standard input')] = "-",
    as_json: AsJson = False,
) -> None:
    """Compare what handsets received with the ledger; exit code 1 when something is not accounted for.

    A line a message: {"medium": "sms", "out_id": "…", "address": "…"}, from the gateway's own record.
    """

    async def work() -> dict[str, Any]:
        async with open_ledger_at(load_settings()) as ledger:
            with _opened(records) as lines:
                proof = await prove(ledger, _batches(lines))
        return {**plain(proof), "is_whole": proof.is_whole}

    result = run(work(), as_json=as_json)
    answer(result, as_json=as_json)
    if not result["is_whole"]:
        raise typer.Exit(1)


def _opened(records: str) -> Any:
    if records == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(records).open(encoding="utf-8")
    except OSError as error:
        raise InputError(f"打不开文件 {Path(records).name}({error.strerror});请检查路径与权限") from None


def _batches(lines: TextIO) -> Iterator[Sequence[HandsetRecord]]:
    numbered = enumerate(lines, 1)
    while batch := [_record(number, line) for number, line in islice(numbered, _RECORDS_A_BATCH)]:
        yield batch


def _record(number: int, line: str) -> HandsetRecord:
    """The line's record. Raises InputError that names the line and quotes nothing of it."""
    try:
        medium, out_id, address = (json.loads(line)[name] for name in _FIELDS)
        return HandsetRecord(Medium(medium), str(out_id), str(address))
    except (ValueError, KeyError, TypeError):
        raise InputError(f"第 {number} 行不是一条记录;应为 JSON 对象,含 {'、'.join(_FIELDS)}") from None
