"""Households that share a phone: one text that tells nobody's amount to another, and whose receipt reaches them all."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.compose import step as compose_room
from notifier.domain.messages import Medium
from notifier.store import dispatching
from notifier.store.dispatching import Lease
from notifier.store.proof import HandsetRecord, prove
from tests.compose.households import told, visits
from tests.day.county import A, SmallCounty, find_line, phone, settle_in, small_county, tell_payments, tell_policy

SHARED = "使用本号码的{}户农户：耕地地力保护补贴已发放，各户情况请到村委会核对。咨询电话0954-7010000。"
HOMES = [A([phone(1)]), A([phone(2)]), A([phone(3)]), A([phone(1)]), A([phone(2)]), A([phone(4)]), A([phone(1)])]
"""Households 1, 4 and 7 share a phone, and 2 and 5; they live in three villages in turn."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who share a phone are composed in different transactions."""
    monkeypatch.setattr(compose_room, "_PAYMENT_BATCH", 2)


async def pay(county: SmallCounty, homes: list[A]) -> None:
    await settle_in(county.ledger, homes)
    await tell_payments(county, [(n, 10 * n) for n in range(1, len(homes) + 1)], ladder="短信必达")


def texts(county: SmallCounty) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in county.received():
        found.setdefault(one.address, []).append(one.text.removeprefix("【彭阳惠农】您好，"))
    return found


async def test_one_text_without_amounts_reaches_every_household_of_the_number(county: SmallCounty) -> None:
    await pay(county, HOMES)
    await county.a_round()
    said = texts(county)
    assert {number: len(several) for number, several in said.items()} == {phone(n): 1 for n in (1, 2, 3, 4)}
    assert (said[phone(1)], said[phone(2)]) == ([SHARED.format(3)], [SHARED.format(2)])
    assert "1187.50元" in said[phone(3)][0]
    assert await county.owed() == {"reached": 7}
    assert await county.messages() == {"delivered": 7}
    assert await county.one("SELECT COUNT(*) FROM chunk WHERE state = 'open'") == 0
    for _ in range(2):
        await county.a_round()
    assert len(county.received()) == 4
    records = [HandsetRecord(Medium.SMS, one.sender_key, one.address) for one in county.received()]
    assert (await prove(county.ledger, [records])).is_whole


async def test_what_befalls_the_letter_befalls_all_and_each_household_goes_on_by_itself(county: SmallCounty) -> None:
    await county.misbehave("aliyun", failing={phone(1): "MK:0001"})
    await pay(county, [A([phone(1)]), A([phone(1), phone(8)]), A([phone(1), phone(8)]), A([phone(1)])])
    await county.a_round()
    await county.a_round()
    await county.compose()
    assert await visits(county) == {1: "dead_number", 4: "dead_number"}
    assert await county.owed() == {"reached": 2, "unreached": 2}
    assert {number: len(several) for number, several in texts(county).items()} == {phone(1): 1, phone(8): 1}
    assert texts(county)[phone(8)] == [SHARED.format(2)]


async def test_a_lost_answer_is_settled_for_all_of_the_letter(county: SmallCounty) -> None:
    await county.misbehave("aliyun", script=[["reset_after", "receipt_lost"]])
    await pay(county, [A([phone(1)]), A([phone(1)])])
    await county.a_round()
    assert await county.messages() == {"unsure": 2}
    await county.settle()
    assert await county.owed() == {"reached": 2}
    assert len(county.received()) == 1


async def test_a_household_that_is_excused_leaves_the_others_their_letter(county: SmallCounty) -> None:
    await pay(county, [A([phone(1)]), A([phone(1)]), A([phone(1)])])
    await county.compose()
    await county.do("UPDATE owed SET state = 'excused', reason = 'moved_away' WHERE household_id = 1")
    await county.dispatch()
    await county.hear()
    assert texts(county) == {phone(1): [SHARED.format(2)]}
    assert [(home, state) for home, _, _, state in await told(county)] == [
        (1, "withdrawn"), (2, "delivered"), (3, "delivered"),
    ]  # fmt: skip
    await county.do("DELETE FROM tally")
    await county.do("DELETE FROM message")
    await county.do("DELETE FROM owed")


async def test_a_household_found_later_is_told_no_amount_either(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]), A([phone(1)])])
    await tell_payments(county, [(1, 10)], ladder="短信必达")
    await county.a_round()
    await find_line(county, 9, 2, 20)
    await county.a_round()
    first, second = texts(county)[phone(1)]
    assert "1187.50元" in first
    assert second == SHARED.format(2)
    assert await county.owed() == {"reached": 2}


async def test_a_policy_is_the_same_text_for_all_and_goes_out_once(county: SmallCounty) -> None:
    await settle_in(county.ledger, HOMES)
    await tell_policy(county)
    await county.a_round()
    assert sorted(texts(county)) == [phone(n) for n in (1, 2, 3, 4)]
    assert len({text for several in texts(county).values() for text in several}) == 1
    assert len(county.received()) == 4
    assert await county.owed() == {"reached": 7}


async def test_members_who_carry_the_householders_number_are_told_in_one_text(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(1), phone(2)])])
    await tell_payments(county, [(1, 10), (1, 11), (1, 12)], ladder="短信必达")
    await county.a_round()
    assert {number: len(several) for number, several in texts(county).items()} == {phone(1): 1, phone(2): 1}
    assert "2375.00元" in texts(county)[phone(1)][0]


_numbers = st.none() | st.integers(1, 4).map(phone)
_homes = st.lists(st.lists(_numbers, min_size=1, max_size=2).map(A), min_size=1, max_size=9)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(homes=_homes, size=st.integers(1, 3), batch=st.integers(1, 4))
async def test_no_number_is_in_two_letters_and_every_message_is_in_one(
    sqlite_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, homes: list[A], size: int, batch: int
) -> None:
    monkeypatch.setattr(compose_room, "_PAYMENT_BATCH", batch)
    async with small_county(sqlite_ledger_url, tmp_path, chunk_size=size) as county:
        for table in ("household", "person", "contact", "payment", "benefit", "campaign", "owed", "message", "chunk",
                      "notice", "visit", "tally"):  # fmt: skip
            await county.do(f"DELETE FROM {table}")
        await pay(county, homes)
        await county.compose()
        letters: list[str] = []
        carried: Counter[int] = Counter()
        now = county.clock.now()
        for chunk_id in await dispatching.open_chunks(county.ledger, now, 100):
            async with county.ledger.writing() as c:
                lease = Lease("test", now + timedelta(minutes=1))
                held = await dispatching.claim(c, county.ledger, chunk_id, lease, now)
            assert held is not None
            assert len(held.waiting) <= size
            letters += [one.address for one in held.waiting]
            carried.update(one.message_id for one in held.waiting)
            carried.update(one for merged in held.merged.values() for one in merged)
        assert len(set(letters)) == len(letters)
        assert carried == Counter(one for (one,) in await county.rows("SELECT id FROM message"))
