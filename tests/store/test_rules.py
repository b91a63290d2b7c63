"""A rule selects in the ledger whom it holds for, on both databases."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.domain.rule_forms import holds
from notifier.domain.rules import ATTRIBUTES, AllOf, AttributeKind, Comparison, Has, Rule
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.rules import compile_rule
from notifier.store.sealing import Vault, load_keys
from tests.domain.test_rule_forms import rules
from tests.registered import OTHER_VILLAGE, VILLAGE, Home, register


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


def _value(kind: AttributeKind) -> st.SearchStrategy[Any]:
    if kind is AttributeKind.AREA:
        return st.decimals(0, 100, places=3)
    return st.integers(0, 1) if kind is AttributeKind.FLAG else st.integers(0, 5)


_attributes = st.fixed_dictionaries({one.column: _value(one.kind) for one in ATTRIBUTES})
_homes = st.builds(
    Home, name=st.just("样例"), village=st.sampled_from([VILLAGE, OTHER_VILLAGE]), attributes=_attributes
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_homes, min_size=1, max_size=6), st.lists(rules, min_size=3, max_size=6))
async def test_the_condition_selects_those_for_whom_the_rule_holds(
    ledger: Ledger, homes: list[Home], several: list[Rule]
) -> None:
    ids = await register(ledger, homes)
    for rule in several:
        condition, bound = compile_rule(rule)
        among = ledger.among("h.id", "ids")
        async with ledger.reading() as c:
            rows = await c.execute(
                text(f"SELECT h.id FROM household h WHERE ({condition}) AND {among}"),
                {**bound, "ids": ledger.listed(ids)},
            )
            selected = {int(row[0]) for row in rows}
        expected = {n for n, home in zip(ids, homes, strict=True) if holds(rule, home.attributes, home.village)}
        assert selected == expected, rule


async def test_a_huge_number_is_no_error(ledger: Ledger) -> None:
    await register(ledger, [Home("样例", attributes={"n_sheep": 3})])
    condition, bound = compile_rule(AllOf((Has("n_sheep", Comparison.LESS, Decimal(10) ** 12),)))
    async with ledger.reading() as c:
        found = await c.execute(text(f"SELECT COUNT(*) FROM household h WHERE {condition}"), bound)
        assert found.scalar_one() == 1
