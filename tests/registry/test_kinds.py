"""Kinds that a county adds in headers.toml come with a roster, change with it, and rules can speak of them."""

from pathlib import Path
from typing import Any

from notifier.domain.rule_language import parse_rule
from notifier.store.ledger import Ledger
from notifier.store.rule_counting import count_by_village, vocabulary
from tests.registry.rosters import HEADER, a_ledger, a_row, hand_in, write_book

COUNTY = "640425000000"


async def counted(ledger: Ledger, rule: str) -> int:
    parsed = parse_rule(rule, await vocabulary(ledger))
    return sum(one.n for one in await count_by_village(ledger, parsed, COUNTY))


def rows(*amounts: Any) -> list[list[Any]]:
    return [[*a_row(index), amount] for index, amount in enumerate(amounts, 1)]


async def test_a_kind_is_imported_changed_and_spoken_of(ledger_url: str, tmp_path: Path) -> None:
    header = (*HEADER, "驴存栏（头）")
    async with a_ledger(ledger_url) as ledger:
        first = await hand_in(ledger, write_book(tmp_path / "a.xlsx", rows(3, None, "2头", "很多"), header))
        assert first.n_warnings == 1
        assert list((await vocabulary(ledger)).kinds) == ["驴"]
        assert [await counted(ledger, rule) for rule in ("驴", "驴 > 2", "驴 = 0", "非 驴 >= 2")] == [2, 1, 2, 2]
        again = await hand_in(ledger, write_book(tmp_path / "b.xlsx", rows(3, None, 0, 5), header))
        assert again.n_households_unchanged == 2
        assert [await counted(ledger, rule) for rule in ("驴", "驴 >= 5")] == [2, 1]
        # A roster that has no such column says nothing of it.
        await hand_in(ledger, write_book(tmp_path / "c.xlsx", [a_row(1, 姓名="王样改")]))
        assert await counted(ledger, "驴") == 2
