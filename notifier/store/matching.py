"""Payment lines find their persons, a benefit's lines at once: one UPDATE … FROM a way of matching, the surest first.

What two ways contradict is left to a person: a name never outweighs an id number that says somebody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.regions import level_of
from notifier.store.ledger import Ledger
from notifier.store.likely_persons import BY_DECISION, match_names_alike
from notifier.store.planning import ask_replan

Params = dict[str, Any]
Places = Sequence[tuple[str, str]]
"""(village as the lines write it, 12-digit code), a pair for every region that the text can mean."""

_NEW = "p.benefit_id = :benefit AND p.match_state = 'new'"
_NOBODY_ELSE = "(p.id_hash IS NULL OR q.id_hash IS NULL OR p.id_hash = q.id_hash)"

_BY_ID = (
    "UPDATE payment SET match_state = 'matched', person_id = q.id, household_id = q.household_id, confidence = 100, "
    "match_why = '身份证号一致' FROM person q JOIN household h ON h.id = q.household_id AND h.state = 'active' "
    "WHERE q.id_hash = payment.id_hash AND q.name_hash = payment.name_hash "
    "AND payment.benefit_id = :benefit AND payment.match_state = 'new'"
)
# Clerks put the householder's id on the line of another member; the line is told to whom it names.
_BY_ID_OF_THE_HOUSE = (
    "WITH member AS (SELECT p.id AS payment_id, MIN(m.id) AS person_id, MIN(m.household_id) AS household_id "
    "FROM payment p JOIN person q ON q.id_hash = p.id_hash JOIN household h ON h.id = q.household_id "
    "AND h.state = 'active' JOIN person m ON m.household_id = q.household_id AND m.name_hash = p.name_hash "
    f"WHERE {_NEW} GROUP BY p.id HAVING COUNT(*) = 1) "
    "UPDATE payment SET match_state = 'matched', person_id = member.person_id, household_id = member.household_id, "
    "confidence = 90, match_why = '身份证号是同户另一成员的，该户有此姓名' "
    "FROM member WHERE member.payment_id = payment.id"
)
_NOT_ANY_MORE = (
    "UPDATE payment SET match_state = 'ambiguous', "
    "match_why = '身份证号在登记中，但该户已不在册（迁出、销户等），请核对' "
    "WHERE benefit_id = :benefit AND match_state = 'new' AND EXISTS (SELECT 1 FROM person q "
    "JOIN household h ON h.id = q.household_id WHERE q.id_hash = payment.id_hash AND h.state <> 'active')"
)
# The account is its holder's; the line is told to the beneficiary when the holder's household has one of that name.
_BY_ACCOUNT = (
    "WITH candidate AS (SELECT p.id AS payment_id, MIN(q.id) AS holder_id, MIN(q.household_id) AS household_id "
    f"FROM payment p JOIN person q ON q.account_hash = p.account_hash AND {_NOBODY_ELSE} "
    f"JOIN household h ON h.id = q.household_id AND h.state = 'active' WHERE {_NEW} GROUP BY p.id "
    "HAVING COUNT(DISTINCT q.household_id) = 1) "
    "UPDATE payment SET match_state = 'matched', household_id = candidate.household_id, "
    "person_id = COALESCE((SELECT MIN(m.id) FROM person m WHERE m.household_id = candidate.household_id "
    "AND m.name_hash = payment.name_hash), candidate.holder_id), "
    "confidence = 90, match_why = '账号末四位与户名一致' "
    "FROM candidate WHERE candidate.payment_id = payment.id"
)
_NAMESAKES = (
    "SELECT p.id AS payment_id, q.id AS person_id, h.id AS household_id, "
    "CASE WHEN h.group_name = p.group_name THEN 1 ELSE 0 END AS same_group "
    "FROM payment p JOIN place ON place.village = p.village JOIN person q ON q.name_hash = p.name_hash "
    "JOIN household h ON h.id = q.household_id AND h.region_code = place.code AND h.state = 'active' "
    f"WHERE {_NEW} AND {_NOBODY_ELSE}"
)
_BY_NAME = (
    f"namesake AS ({_NAMESAKES}), "
    "counted AS (SELECT payment_id, COUNT(*) AS n, SUM(same_group) AS n_group, "
    "MIN(person_id) AS only_one, MIN(CASE WHEN same_group = 1 THEN person_id END) AS only_in_group "
    "FROM namesake GROUP BY payment_id), "
    "found AS (SELECT c.payment_id, c.n, q.id AS person_id, q.household_id FROM counted c "
    "JOIN person q ON q.id = CASE WHEN c.n = 1 THEN c.only_one ELSE c.only_in_group END "
    "WHERE c.n = 1 OR c.n_group = 1) "
    "UPDATE payment SET match_state = 'matched', person_id = found.person_id, household_id = found.household_id, "
    "confidence = 70, "
    "match_why = CASE WHEN found.n = 1 THEN '姓名与行政村一致' ELSE '姓名、行政村与村民小组一致' END "
    "FROM found WHERE found.payment_id = payment.id"
)
_AMBIGUOUS = (
    f"namesake AS ({_NAMESAKES}) "
    "UPDATE payment SET match_state = 'ambiguous', match_why = '同村有多名同名者' "
    "WHERE benefit_id = :benefit AND match_state = 'new' AND id IN (SELECT payment_id FROM namesake)"
)
_AMBIGUOUS_ACCOUNT = (
    "UPDATE payment SET match_state = 'ambiguous', match_why = '多户的账号末四位与户名相同' "
    "WHERE benefit_id = :benefit AND match_state = 'new' AND id IN (SELECT p.id FROM payment p "
    f"JOIN person q ON q.account_hash = p.account_hash AND {_NOBODY_ELSE} WHERE {_NEW})"
)
_UNKNOWN = (
    "UPDATE payment SET match_state = 'unknown', match_why = CASE WHEN id_hash IS NULL "
    "THEN '登记中没有相符的账号，同村也没有同名者' ELSE '登记中没有这个身份证号' END "
    "WHERE benefit_id = :benefit AND match_state = 'new'"
)


@dataclass(frozen=True, slots=True)
class Matched:
    """How many lines of one benefit ended where."""

    n_matched: int
    n_ambiguous: int
    n_unknown: int


async def benefits_to_match(ledger: Ledger) -> list[int]:
    """The benefits that have lines which nobody has tried to match, oldest first."""
    async with ledger.reading() as c:
        rows = await c.execute(text("SELECT DISTINCT benefit_id FROM payment WHERE match_state = 'new' ORDER BY 1"))
        return [int(benefit_id) for (benefit_id,) in rows]


async def villages_to_match(ledger: Ledger, benefit_id: int) -> list[str]:
    """The village texts of a benefit's new lines, each once."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT DISTINCT village FROM payment WHERE benefit_id = :benefit AND match_state = 'new' "
                "AND village IS NOT NULL"
            ),
            {"benefit": benefit_id},
        )
        return [str(village) for (village,) in rows]


async def match_lines(ledger: Ledger, benefit_id: int, places: Places) -> Matched:
    """Every new line of the benefit is matched, ambiguous or unknown, with why. Safe to repeat.

    A launched campaign of the benefit will be planned again when a line found its person.
    """
    bound: Params = {"benefit": benefit_id}
    ways = [(_NOT_ANY_MORE, bound), (BY_DECISION, bound), (_BY_ACCOUNT, bound)]
    if places:
        values, named = _place_rows(places)
        ways += [(f"WITH {values}, {way}", {**bound, **named}) for way in (_BY_NAME, _AMBIGUOUS)]
    ways += [(_AMBIGUOUS_ACCOUNT, bound), (_UNKNOWN, bound)]
    async with ledger.writing() as c:
        # Lines of a benefit are matched by one server at a time.
        await c.execute(text("UPDATE benefit SET version = version WHERE id = :benefit"), bound)
        before = await _counts(c, bound)
        for sql in (_BY_ID, _BY_ID_OF_THE_HOUSE):
            await c.execute(text(sql), bound)
        await match_names_alike(c, ledger, benefit_id)
        for sql, asked in ways:
            await c.execute(text(sql), asked)
        found = {state: n - before.get(state, 0) for state, n in (await _counts(c, bound)).items()}
        if found.get("matched"):
            await ask_replan(c, benefit_id)
    return Matched(found.get("matched", 0), found.get("ambiguous", 0), found.get("unknown", 0))


async def _counts(c: AsyncConnection, bound: Params) -> dict[str, int]:
    """Counted, since SQLite tells no row count for an UPDATE behind WITH."""
    rows = await c.execute(
        text("SELECT match_state, COUNT(*) FROM payment WHERE benefit_id = :benefit GROUP BY match_state"), bound
    )
    return {str(state): int(n) for state, n in rows}


def _place_rows(places: Places) -> tuple[str, Params]:
    bound: Params = {}
    rows: list[str] = []
    for n, (village, code) in enumerate(places):
        bound |= {f"v{n}": village, f"c{n}": code}
        rows.append(f"(CAST(:v{n} AS TEXT), CAST(:c{n} AS TEXT))")
    return f"place (village, code) AS (VALUES {', '.join(rows)})", bound


async def forget_failures(ledger: Ledger) -> int:
    """Ambiguous and unknown lines are new again, to be tried with the registry as it is now; gives how many."""
    async with ledger.writing() as c:
        forgotten = await c.execute(
            text(
                "UPDATE payment SET match_state = 'new', match_why = NULL "
                "WHERE match_state = 'ambiguous' OR match_state = 'unknown'"
            )
        )
        return forgotten.rowcount


async def region_tree(ledger: Ledger) -> Mapping[str, str]:
    """Every region's name by its code, in the order of codes."""
    async with ledger.reading() as c:
        rows = await c.execute(text("SELECT code, name FROM region ORDER BY code"))
        return {str(code): str(name) for code, name in rows}


async def county_code(ledger: Ledger) -> str | None:
    """The code of the ledger's county, the first one where there are several; None without regions."""
    return next((code for code in await region_tree(ledger) if level_of(code) == "county"), None)
