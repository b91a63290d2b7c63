"""A rule before it commits: what it can speak of, whom it holds for village by village, and examples with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import mask_name
from notifier.domain.regions import span
from notifier.domain.rule_reasons import Why, why
from notifier.domain.rules import ATTRIBUTES, AttributeKind, Facts, PastPayment, Rule, Vocabulary
from notifier.store.kinds import KIND_SCALE
from notifier.store.ledger import Ledger
from notifier.store.rules import COUNTY_TIME, Bound, compile_rule
from notifier.store.tables.columns import MU_SCALE, instant

_SCALES = {one.column: MU_SCALE if one.kind is AttributeKind.AREA else 1 for one in ATTRIBUTES}
_MOST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class VillageCount:
    """How many of a village's active households a rule holds for. `name` is township and village."""

    region_code: str
    name: str
    n: int
    n_households: int


@dataclass(frozen=True, slots=True)
class Example:
    """A household that a rule holds for, or not, and why; the householder's name is masked."""

    household_id: int
    householder: str
    village: str
    group: str | None
    why: Why


async def vocabulary(ledger: Ledger) -> Vocabulary:
    """What rules can speak of today: regions, imported kinds, subsidies with paid lines, uploaded lists."""
    async with ledger.reading() as c:
        regions = {str(code): str(name) for code, name in await c.execute(text("SELECT code, name FROM region"))}
        kinds = await _words(c, "SELECT DISTINCT kind FROM household_attribute ORDER BY kind")
        items = await _words(c, "SELECT DISTINCT item FROM benefit WHERE item IS NOT NULL ORDER BY item")
        lists = await _words(c, "SELECT name FROM name_list ORDER BY uploaded_at DESC, name")
    return Vocabulary(regions, kinds, items, lists)


async def _words(c: AsyncConnection, sql: str) -> list[str]:
    return [str(word) for (word,) in await c.execute(text(f"{sql} LIMIT {_MOST_WORDS}"))]


async def count_by_village(ledger: Ledger, rule: Rule, region_code: str) -> list[VillageCount]:
    """Every village of the region that has active households, with how many the rule holds for, in the order of codes.

    The sum of `n` is what planning would tell today. One query.
    """
    condition, bound = compile_rule(rule)
    first, last = span(region_code)
    sql = (
        f"SELECT n.code, COALESCE(t.name, '') || COALESCE(r.name, n.code) AS name, n.n, n.n_all FROM ("
        f"SELECT h.region_code AS code, SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS n, COUNT(*) AS n_all "
        "FROM household h WHERE h.state = 'active' AND h.region_code BETWEEN :scope_first AND :scope_last "
        "GROUP BY h.region_code) n LEFT JOIN region r ON r.code = n.code "
        "LEFT JOIN region t ON t.code = r.parent AND t.code <> r.code ORDER BY n.code"
    )
    async with ledger.reading() as c:
        rows = await c.execute(text(sql), {**bound, "scope_first": first, "scope_last": last})
        return [VillageCount(str(row.code), str(row.name), int(row.n), int(row.n_all)) for row in rows]


async def examples(
    ledger: Ledger, rule: Rule, region_code: str, *, n_matched: int = 5, n_unmatched: int = 5
) -> list[Example]:
    """Some households of the region that the rule holds for, then some that it does not, each with why.

    Spread over the villages: the first of every village come before the second of any.
    """
    condition, bound = compile_rule(rule)
    first, last = span(region_code)
    scope: Bound = {**bound, "scope_first": first, "scope_last": last}
    async with ledger.reading() as c:
        ids = await _some(c, condition, scope, n_matched)
        ids += await _some(c, f"NOT ({condition})", scope, n_unmatched)
    return await explain_households(ledger, rule, ids, region_code)


async def _some(c: AsyncConnection, condition: str, scope: Bound, most: int) -> list[int]:
    # Villages first, then a few of each by their index: no walk over every household of a county.
    sql = (
        "SELECT h.id FROM household h WHERE h.state = 'active' AND h.region_code = :village AND "
        f"({condition}) ORDER BY h.id LIMIT :most"
    )
    villages = await c.execute(
        text(
            "SELECT h.region_code FROM household h WHERE h.state = 'active' "
            f"AND h.region_code BETWEEN :scope_first AND :scope_last AND ({condition}) "
            "GROUP BY h.region_code ORDER BY COUNT(*) DESC, h.region_code LIMIT :most"
        ),
        {**scope, "most": most},
    )
    bound = {name: value for name, value in scope.items() if not name.startswith("scope_")}
    found = [
        [int(row.id) for row in await c.execute(text(sql), {**bound, "village": village, "most": most})]
        for (village,) in villages.all()
    ]
    ranked = sorted((at, n, one) for n, ids in enumerate(found) for at, one in enumerate(ids))
    return [one for _, _, one in ranked[:most]]


async def explain_households(
    ledger: Ledger, rule: Rule, household_ids: Sequence[int], region_code: str
) -> list[Example]:
    """Why the rule holds for each of the households, or does not, in the order given.

    Who does not exist, or lives outside the region, is left out.
    """
    async with ledger.reading() as c:
        homes = await _homes(c, ledger, household_ids, region_code)
        facts = await _facts(c, ledger, homes)
        names = {str(code): str(name) for code, name in await c.execute(text("SELECT code, name FROM region"))}
    explained = []
    for number in household_ids:
        if (home := homes.get(number)) is not None:
            name = ledger.vault.open_text("person.name_sealed", home["person_id"], home["name_sealed"])
            village = names.get(home["region_code"], home["region_code"])
            reasons = why(rule, facts[number], names)
            explained.append(Example(number, mask_name(name), village, home["group_name"], reasons))
    return explained


async def _homes(
    c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int], region_code: str
) -> dict[int, RowMapping]:
    first, last = span(region_code)
    columns = ", ".join(f"h.{one.column}" for one in ATTRIBUTES)
    sql = (
        f"SELECT h.id, h.region_code, h.group_name, h.registered_at, {columns}, q.id AS person_id, q.name_sealed, "
        "(SELECT COUNT(*) FROM person m WHERE m.household_id = h.id) AS n_persons FROM household h "
        f"JOIN person q ON q.id = h.householder_id WHERE {ledger.among('h.id', 'ids')} "
        "AND h.region_code BETWEEN :scope_first AND :scope_last"
    )
    bound = {"ids": ledger.listed(household_ids), "scope_first": first, "scope_last": last}
    rows = await c.execute(text(sql), bound)
    return {int(row["id"]): row for row in rows.mappings()}


async def _facts(c: AsyncConnection, ledger: Ledger, homes: Mapping[int, RowMapping]) -> dict[int, Facts]:
    ids = {"ids": ledger.listed(list(homes))}
    kinds: dict[int, dict[str, Decimal]] = {number: {} for number in homes}
    payments: dict[int, list[PastPayment]] = {number: [] for number in homes}
    lists: dict[int, set[str]] = {number: set() for number in homes}
    for row in await c.execute(text(_KINDS.format(among=ledger.among("a.household_id", "ids"))), ids):
        kinds[row.household_id][row.kind] = Decimal(row.amount) / KIND_SCALE
    for row in await c.execute(text(_PAYMENTS.format(among=ledger.among("p.household_id", "ids"))), ids):
        found_on = instant(row.found_at).astimezone(COUNTY_TIME).date()
        payments[row.household_id].append(PastPayment(row.item, row.period, found_on, row.amount_fen or 0))
    for row in await c.execute(text(_LISTS.format(among=ledger.among("e.household_id", "ids"))), ids):
        lists[row.household_id].add(row.name)
    return {
        number: Facts(
            region_code=home["region_code"],
            attributes={column: Decimal(home[column]) / scale for column, scale in _SCALES.items()}
            | {"n_persons": home["n_persons"]},
            kinds=kinds[number],
            registered_on=instant(home["registered_at"]).astimezone(COUNTY_TIME).date(),
            payments=payments[number],
            lists=frozenset(lists[number]),
        )
        for number, home in homes.items()
    }


_KINDS = "SELECT a.household_id, a.kind, a.amount FROM household_attribute a WHERE {among}"
_PAYMENTS = (
    "SELECT p.household_id, b.item, COALESCE(p.period, b.period) AS period, b.found_at, p.amount_fen FROM payment p "
    "JOIN benefit b ON b.id = p.benefit_id WHERE {among} AND p.match_state = 'matched' AND p.state = 'paid' "
    "AND b.item IS NOT NULL"
)
_LISTS = "SELECT e.household_id, l.name FROM name_list_entry e JOIN name_list l ON l.id = e.list_id WHERE {among}"
