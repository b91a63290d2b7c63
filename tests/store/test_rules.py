"""A rule selects in the ledger whom it holds for, on both databases, and counts and explains before it commits."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.domain.rule_language import parse_rule
from notifier.domain.rule_reasons import holds
from notifier.domain.rules import ATTRIBUTES, AttributeKind, Comparison, Facts, Has, PastPayment, Rule
from notifier.store.ledger import Ledger, open_ledger, take_ids
from notifier.store.rule_counting import count_by_village, examples, explain_households, vocabulary
from notifier.store.rules import COUNTY_TIME, compile_rule
from notifier.store.sealing import Vault, load_keys
from notifier.store.tables.columns import stamp
from tests.domain.rule_strategies import ITEMS, KINDS, LISTS, REGIONS, rules
from tests.registered import COUNTY, OTHER_VILLAGE, TOWNSHIP, VILLAGE, Home, register

Past = tuple[str, str | None, str | None, date, int]
"""subsidy, period of the line, period of the batch, day it came in, fen."""


@dataclass
class Known:
    """A home, with what else is known of it."""

    home: Home
    kinds: dict[str, Decimal] = field(default_factory=dict)
    registered_on: date = date(2025, 3, 1)
    past: Sequence[Past] = ()
    lists: frozenset[str] = frozenset()

    @property
    def facts(self) -> Facts:
        payments = [PastPayment(item, line or batch, on, fen) for item, line, batch, on, fen in self.past]
        attributes = {**dict.fromkeys((one.column for one in ATTRIBUTES), 0), **self.home.attributes, "n_persons": 1}
        return Facts(self.home.village, attributes, self.kinds, self.registered_on, payments, self.lists)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    async with opened.writing() as c:
        for n, name in enumerate(LISTS):
            await c.execute(
                text("INSERT INTO name_list (id, name, uploaded_at, n_rows, n_unmatched) VALUES (:n, :name, 0, 1, 0)"),
                {"n": n, "name": name},
            )
    yield opened
    await opened.close()


async def known(ledger: Ledger, several: Sequence[Known]) -> list[int]:
    """They are in the ledger; their ids."""
    ids = await register(ledger, [one.home for one in several])
    async with ledger.writing() as c:
        for number, one in zip(ids, several, strict=True):
            at = stamp(datetime.combine(one.registered_on, time(23, 30), COUNTY_TIME))
            await c.execute(text("UPDATE household SET registered_at = :at WHERE id = :id"), {"at": at, "id": number})
            for kind, amount in one.kinds.items():
                row = {"id": number, "kind": kind, "amount": int(amount * 1000)}
                await c.execute(text("INSERT INTO household_attribute VALUES (:id, :kind, :amount)"), row)
            for name in one.lists:
                row = {"list": LISTS.index(name), "id": number}
                await c.execute(text("INSERT INTO name_list_entry VALUES (:list, :id, 1, '')"), row)
            for past in one.past:
                await _paid(c, number, past)
    return ids


async def _paid(c: Any, household_id: int, past: Past) -> None:
    item, line, batch, on, fen = past
    (benefit_id,) = await take_ids(c, "benefit", 1)
    at = stamp(datetime.combine(on, time(0, 30), COUNTY_TIME))
    row = {
        "id": benefit_id,
        "item": item,
        "batch": batch,
        "at": at,
        "line": line,
        "fen": fen,
        "household": household_id,
    }
    await c.execute(
        text(
            "INSERT INTO benefit (id, kind, version, source, title, found_at, body, item, period, audit, n_lines, "
            "n_rejected) VALUES (:id, 'disbursement', 1, 's', 't', :at, '', :item, :batch, 'county', 1, 0)"
        ),
        row,
    )
    await c.execute(
        text(
            "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, period, "
            "amount_fen, state, match_state, household_id, confidence) "
            "VALUES (:id, :id, :hash, 's', 1, :hash, :hash, :line, :fen, 'paid', 'matched', :household, 100)"
        ),
        row | {"hash": str(benefit_id).encode()},
    )


def _value(kind: AttributeKind) -> st.SearchStrategy[Any]:
    if kind is AttributeKind.AREA:
        return st.decimals(0, 100, places=3)
    return st.integers(0, 1) if kind is AttributeKind.FLAG else st.integers(0, 5)


_days = st.dates(date(2024, 1, 1), date(2026, 12, 31))
_periods = st.none() | st.sampled_from(["2024年", "2025年度", "2026年第一季度"])
_homes = st.builds(
    Home,
    name=st.just("样例"),
    village=st.sampled_from([VILLAGE, OTHER_VILLAGE]),
    attributes=st.fixed_dictionaries({one.column: _value(one.kind) for one in ATTRIBUTES}),
)
_known = st.builds(
    Known,
    _homes,
    st.dictionaries(st.sampled_from(KINDS), st.decimals("0.001", 20, places=3), max_size=2),
    _days,
    st.lists(st.tuples(st.sampled_from(ITEMS), _periods, _periods, _days, st.integers(-50, 60_000)), max_size=2),
    st.frozensets(st.sampled_from(LISTS), max_size=2),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_known, min_size=1, max_size=5), st.lists(rules, min_size=3, max_size=6))
async def test_the_condition_selects_those_for_whom_the_rule_holds(
    ledger: Ledger, several: list[Known], some_rules: list[Rule]
) -> None:
    ids = await known(ledger, several)
    for rule in some_rules:
        condition, bound = compile_rule(rule)
        among = ledger.among("h.id", "ids")
        async with ledger.reading() as c:
            rows = await c.execute(
                text(f"SELECT h.id FROM household h WHERE ({condition}) AND {among}"),
                {**bound, "ids": ledger.listed(ids)},
            )
            selected = {int(row[0]) for row in rows}
        assert selected == {n for n, one in zip(ids, several, strict=True) if holds(rule, one.facts)}, rule
        explained = await explain_households(ledger, rule, ids, COUNTY)
        assert {one.household_id for one in explained if one.why.holds} == selected


async def test_a_huge_number_is_no_error(ledger: Ledger) -> None:
    await register(ledger, [Home("样例", attributes={"n_sheep": 3})])
    condition, bound = compile_rule(Has("n_sheep", Comparison.LESS, Decimal(10) ** 12))
    async with ledger.reading() as c:
        found = await c.execute(text(f"SELECT COUNT(*) FROM household h WHERE {condition}"), bound)
        assert found.scalar_one() == 1


async def test_a_rule_is_counted_village_by_village_within_the_scope_and_shown_by_examples(ledger: Ledger) -> None:
    homes = [Home("样例甲", village=VILLAGE, attributes={"n_sheep": n}) for n in range(5)]
    homes += [Home("样例乙", village=OTHER_VILLAGE, attributes={"n_sheep": n}) for n in range(3)]
    await known(ledger, [Known(home) for home in [*homes, Home("已迁出", state="moved", attributes={"n_sheep": 9})]])
    words = await vocabulary(ledger)
    assert dict(words.regions).items() <= REGIONS.items()
    assert set(words.lists) == set(LISTS)
    rule = parse_rule("居住在 白阳镇 且 羊 >= 2", words)
    counted = await count_by_village(ledger, rule, TOWNSHIP)
    assert [(one.region_code, one.n, one.n_households) for one in counted] == [(VILLAGE, 3, 5), (OTHER_VILLAGE, 1, 3)]
    assert [one.n for one in await count_by_village(ledger, rule, OTHER_VILLAGE)] == [1]
    found = await examples(ledger, rule, COUNTY, n_matched=2, n_unmatched=2)
    assert [(one.householder, one.village, one.why.holds) for one in found] == [
        ("样*", "白阳样例一村", True), ("样*", "白阳样例二村", True),
        ("样*", "白阳样例一村", False), ("样*", "白阳样例二村", False),
    ]  # fmt: skip
    assert "羊只数不少于2”不成立（本户：0）" in found[2].why.sentence
    assert await examples(ledger, rule, "640425200000") == []
