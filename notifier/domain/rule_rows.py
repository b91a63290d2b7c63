"""A rule as a form: a flat list of rows with depths, each row a condition or the head of a group; pure.

rule_of_rows(rows_of(rule, words), words) == tidy(rule). The first row is the head of everything, at depth 0; a row
belongs to the nearest head above it that is one less deep.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from notifier.domain.errors import InputError
from notifier.domain.money import plain, yuan
from notifier.domain.rule_fields import Field, leaf_of
from notifier.domain.rule_forms import DEEPEST
from notifier.domain.rule_places import Places
from notifier.domain.rules import (
    ATTRIBUTE,
    REGISTERED_ON,
    AllOf,
    AnyOf,
    AttributeKind,
    Has,
    Keeps,
    Leaf,
    Listed,
    Not,
    Received,
    Registered,
    Rule,
    Vocabulary,
    Within,
    tidy,
)

MOST_ROWS = 200
_HEADS = ("all", "any")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: how deep it stands, 非 or not, and its fields. A head of a group has only `what`, all or any."""

    depth: int
    field: Field
    is_not: bool = False

    @property
    def is_head(self) -> bool:
        """True for the head of a group."""
        return self.field.what in _HEADS


class RowsError(InputError):
    """Rows that are no rule; `problems` says for each bad row, by its place from 0, what to mend."""

    def __init__(self, problems: dict[int, str]) -> None:
        self.problems = problems
        super().__init__("；".join(f"第{at + 1}行：{said}" for at, said in problems.items()))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a row can be about: `what` is its key, `name` is shown; `kind` says which of its fields are asked.

    kind: flag (value 是/否), count and area (comparison, value, a unit), kind (name, comparison, value), date
    (comparison, value), within (value), listed (name), received (name, year, first_on, last_on, comparison, value in
    元), head.
    """

    what: str
    name: str
    kind: str
    unit: str = ""


def choices(words: Vocabulary) -> list[Choice]:
    """Everything a row can be about, in the order of a menu; what the county has none of is left out."""
    found = [Choice(one.column, one.name, one.kind.value, (*one.units, "")[0]) for one in ATTRIBUTE.values()]
    found += [Choice("kind", "其他养殖或种植", "kind")] if words.kinds else []
    found += [Choice("within", "居住在", "within"), Choice("registered_on", REGISTERED_ON, "date")]
    found += [Choice("received", "领过补贴", "received")] if words.items else []
    found += [Choice("listed", "在名单", "listed")] if words.lists else []
    return [*found, Choice("all", "同时符合以下各项", "head"), Choice("any", "符合以下任意一项", "head")]


def rows_of(rule: Rule, words: Vocabulary) -> list[Row]:
    """The rows of a rule, its head first."""
    whole = tidy(rule)
    head = whole if isinstance(whole, AllOf | AnyOf) else AllOf((whole,))
    return list(_rows(head, Places(words.regions), 0))


def _rows(rule: Rule, places: Places, depth: int, *, is_not: bool = False) -> Iterator[Row]:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            yield Row(depth, Field("all" if isinstance(rule, AllOf) else "any"), is_not)
            for part in parts:
                yield from _rows(part, places, depth + 1)
        case Not(part) if is_not:
            yield from _rows(AllOf((Not(part),)), places, depth, is_not=True)
        case Not(part):
            yield from _rows(part, places, depth, is_not=True)
        case _:
            yield Row(depth, _field(rule, places), is_not)


def _field(rule: Leaf, places: Places) -> Field:
    match rule:
        case Has(column, comparison, value):
            if ATTRIBUTE[column].kind is AttributeKind.FLAG:
                return Field(column, value="是" if value else "否")
            return Field(column, comparison=comparison.value, value=plain(value))
        case Keeps(kind, comparison, value):
            return Field("kind", name=kind, comparison=comparison.value, value=plain(value))
        case Registered(comparison, on):
            return Field("registered_on", comparison=comparison.value, value=on.isoformat())
        case Within(code):
            return Field("within", value=places.path(code) or code)
        case Listed(name):
            return Field("listed", name=name)
        case Received(item, year, first_on, last_on, comparison, amount_fen):
            return Field(
                "received",
                name=item,
                comparison="" if comparison is None else comparison.value,
                value="" if comparison is None else yuan(amount_fen),
                year="" if year is None else str(year),
                first_on="" if first_on is None else first_on.isoformat(),
                last_on="" if last_on is None else last_on.isoformat(),
            )


def rule_of_rows(rows: Sequence[Row], words: Vocabulary) -> Rule:
    """The rule of the rows; no rows are nobody. Raises RowsError with every bad row and its mend."""
    if not rows:
        return AnyOf(())
    problems: dict[int, str] = {}
    if len(rows) > MOST_ROWS:
        raise RowsError({MOST_ROWS: f"条件超过{MOST_ROWS}行；请简化，或改用名单"})
    parts: dict[int, Rule] = {}
    for at, row in enumerate(rows):
        expected = range(1) if at == 0 else range(1, _deepest_below(rows[at - 1]) + 1)
        if row.depth not in expected or (at == 0 and not row.is_head):
            problems[at] = "这一行的层次不对；它须在某一组之内"
        elif row.depth > DEEPEST // 2:
            problems[at] = f"分组超过{DEEPEST // 2}层；请简化"
        elif not row.is_head:
            try:
                parts[at] = leaf_of(row.field, words)
            except InputError as problem:
                problems[at] = str(problem)
    if problems:
        raise RowsError(problems)
    return tidy(_grouped(rows, parts, 0))


def _deepest_below(row: Row) -> int:
    return row.depth + (1 if row.is_head else 0)


def _grouped(rows: Sequence[Row], parts: dict[int, Rule], at: int) -> Rule:
    row = rows[at]
    rule = parts.get(at)
    if rule is None:
        inner = tuple(_grouped(rows, parts, child) for child in _children(rows, at))
        rule = AllOf(inner) if row.field.what == "all" else AnyOf(inner)
    return Not(rule) if row.is_not else rule


def _children(rows: Sequence[Row], at: int) -> Iterator[int]:
    for child in range(at + 1, _end(rows, at)):
        if rows[child].depth == rows[at].depth + 1:
            yield child


def _end(rows: Sequence[Row], at: int) -> int:
    """The place behind the row and everything in it."""
    deeper = range(at + 1, len(rows))
    return next((n for n in deeper if rows[n].depth <= rows[at].depth), len(rows))


def with_row(rows: Sequence[Row], head: int, what: str) -> list[Row]:
    """The rows with one more at the end of the group whose head stands at `head`; `what` all or any adds a group."""
    end = _end(rows, head)
    return [*rows[:end], Row(rows[head].depth + 1, Field(what)), *rows[end:]]


def without_row(rows: Sequence[Row], at: int) -> list[Row]:
    """The rows without that one and everything in it; the first row stays, empty."""
    return [*rows[: max(at, 1)], *rows[_end(rows, at) :]]


def with_field(rows: Sequence[Row], at: int, field: Field) -> list[Row]:
    """The rows with that one about something else."""
    return [*rows[:at], replace(rows[at], field=field), *rows[at + 1 :]]


def rows_sent(form: Mapping[str, str]) -> list[Row]:
    """The rows of a form as a browser sends it: r0-depth, r0-what, r0-is_not (1 or absent), r0-name … r1-depth …

    What is missing is empty; rows end at the first number without `what`. The inverse of `form_of`.
    """
    rows: list[Row] = []
    while len(rows) <= MOST_ROWS and f"r{len(rows)}-what" in form:
        at = f"r{len(rows)}-"
        depth = form.get(f"{at}depth", "")
        said = Field(**{one.name: form.get(f"{at}{one.name}", "") for one in fields(Field)})
        # What is no depth at all is refused by rule_of_rows, like any other wrong depth.
        rows.append(Row(int(depth) if depth.isascii() and depth.isdigit() else -1, said, bool(form.get(f"{at}is_not"))))
    return rows


def form_of(rows: Sequence[Row]) -> dict[str, str]:
    """The names and values that a browser would send for the rows."""
    form: dict[str, str] = {}
    for n, row in enumerate(rows):
        form |= {f"r{n}-{name}": value for name, value in asdict(row.field).items()}
        form[f"r{n}-depth"] = str(row.depth)
        if row.is_not:
            form[f"r{n}-is_not"] = "1"
    return form
