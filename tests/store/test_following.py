"""What followers did, in any order; and how many answers each may still be sent, counted for all processes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from notifier.domain.messages import Acted, Consented, Followed, Heard, Inbound
from notifier.store import following
from notifier.store.following import LedgerReplyAllowance
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.qr_codes import KeptQr, keep_qr, kept_qr
from notifier.store.sealing import Vault, load_keys
from notifier.store.sent_events import CANDIDATE
from tests.channels.doubles import MORNING, FrozenClock
from tests.day.county import A, openid, settle_in

ME = openid(1)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def take_in(ledger: Ledger, *elements: Inbound) -> None:
    async with ledger.writing() as c:
        await following.take_in(c, ledger, elements)


async def rows(ledger: Ledger, sql: str) -> list[Any]:
    async with ledger.reading() as c:
        return [tuple(row) for row in await c.execute(text(sql))]


def after(s: float) -> Any:
    return MORNING + timedelta(seconds=s)


async def test_following_scanning_and_leaving_is_on_record_and_older_news_changes_nothing(ledger: Ledger) -> None:
    await settle_in(ledger, [A([None], openid=ME)])
    record = "SELECT following, scene FROM follower"
    await take_in(ledger, Followed(ME, True, "village_640425100201", after(0)))
    assert await rows(ledger, record) == [(1, "village_640425100201")]
    await take_in(ledger, Followed(ME, False, None, after(20)))
    assert await rows(ledger, record) == [(0, "village_640425100201")]
    await take_in(ledger, Followed(ME, True, "late", after(10)))
    assert await rows(ledger, record) == [(0, "village_640425100201")]
    assert await rows(ledger, "SELECT state FROM contact") == [("unfollowed",)]
    await take_in(ledger, Followed(ME, True, "village_640425100202", after(30)))
    assert await rows(ledger, record) == [(1, "village_640425100202")]
    assert await rows(ledger, "SELECT state FROM contact") == [("usable",)]


async def test_the_newest_word_on_a_template_counts_in_whatever_order_it_comes(ledger: Ledger) -> None:
    await take_in(ledger, Consented(ME, "T1", True, after(0)), Consented(ME, "T2", False, after(9)))
    await take_in(ledger, Consented(ME, "T1", False, after(5)), Consented(ME, "T2", True, after(1)))
    assert await rows(ledger, "SELECT template, accepts FROM subscription ORDER BY template") == [("T1", 0), ("T2", 0)]


async def test_five_answers_within_48_hours_of_a_message_and_again_after_the_next(ledger: Ledger) -> None:
    clock = FrozenClock()
    allowance = LedgerReplyAllowance(ledger, clock)
    assert await allowance.take(ME) is None
    first = Heard(ME, "问", "k1", after(0))
    await take_in(ledger, first)
    clock.advance(timedelta(hours=47))
    assert [await allowance.take(ME) for _ in range(6)] == ["spoke"] * 5 + [None]
    await take_in(ledger, first)
    assert await allowance.take(ME) is None, "the repeat of a message opens nothing"
    await take_in(ledger, Heard(ME, "再问", "k2", clock.now()))
    assert await allowance.take(ME) == "spoke"
    clock.advance(timedelta(hours=48))
    assert await allowance.take(ME) is None


@pytest.mark.parametrize("news", [Acted(ME, MORNING), Followed(ME, True, None, MORNING)])
async def test_three_answers_within_a_minute_of_a_press_or_a_follow(ledger: Ledger, news: Inbound) -> None:
    clock = FrozenClock()
    allowance = LedgerReplyAllowance(ledger, clock)
    await take_in(ledger, news, Heard(ME, "问", "k", MORNING))
    assert [await allowance.take(ME) for _ in range(9)] == ["acted"] * 3 + ["spoke"] * 5 + [None]
    await take_in(ledger, Acted(ME, after(70)))
    clock.advance(timedelta(seconds=131))
    assert await allowance.take(ME) is None


async def test_who_left_is_not_answered_and_what_did_not_leave_is_given_back(ledger: Ledger) -> None:
    allowance = LedgerReplyAllowance(ledger, FrozenClock())
    await take_in(ledger, Heard(ME, "问", "k", MORNING))
    for _ in range(7):
        window = await allowance.take(ME)
        assert window == "spoke"
        await allowance.give_back(ME, window)
    await take_in(ledger, Followed(ME, False, None, after(1)))
    assert await allowance.take(ME) is None


async def test_two_who_answer_at_once_never_send_one_too_many(ledger: Ledger) -> None:
    await take_in(ledger, Heard(ME, "问", "k", MORNING))
    allowances = [LedgerReplyAllowance(ledger, FrozenClock()) for _ in range(2)]
    taken = await asyncio.gather(*(allowances[n % 2].take(ME) for n in range(12)))
    assert sorted(taken, key=str) == [None] * 7 + ["spoke"] * 5


async def test_a_lasting_code_is_made_once_for_a_scene(ledger: Ledger) -> None:
    assert await kept_qr(ledger, "village_1") is None
    mine, theirs = KeptQr("T1", "c", "p"), KeptQr("T2", "c", "p")
    assert await keep_qr(ledger, "village_1", mine, MORNING) == mine
    assert await keep_qr(ledger, "village_1", theirs, MORNING) == mine
    assert await kept_qr(ledger, "village_1") == mine


async def test_a_sent_event_is_looked_for_from_its_address_on(sqlite_ledger_url: str, tmp_path: Path) -> None:
    """Beginning with the calls that have no reference yet would cost the square of a broadcast's size."""
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    asked = {"template": "T", "hash": b"", "kind": "openid", "gateway": "wechat", "at": 1}
    async with ledger.reading() as c:
        plan = (await c.execute(text(f"EXPLAIN QUERY PLAN {CANDIDATE.text}"), asked)).all()
    await ledger.close()
    assert "ix_contact_value_hash" in plan[0][3]
    assert not any("ix_attempt_ref" in step[3] for step in plan)
