"""Receipts of the parts of one text are one word about it, in whatever order and however often they come."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.store.ledger import Ledger, open_ledger
from notifier.store.parts import Parted, join_parts, note_parts
from notifier.store.receipts import Word, park, take_parked
from notifier.store.sealing import Vault, load_keys

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
PARTS = ("a1", "a2", "a3")


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def an_attempt(ledger: Ledger, attempt_id: int = 1, parts: Sequence[str] = PARTS) -> None:
    async with ledger.writing() as c:
        await c.execute(text("DELETE FROM part WHERE attempt_id = :id"), {"id": attempt_id})
        await c.execute(text("DELETE FROM attempt WHERE id = :id"), {"id": attempt_id})
        await c.execute(
            text(
                "INSERT INTO attempt (id, out_id, chunk_id, gateway, template, message_ids, state, provider_ref, "
                "started_at) "
                "VALUES (:id, :out, 1, 'cmpp', 'T', :ids, 'settled', :ref, 0)"
            ),
            {"id": attempt_id, "out": f"out{attempt_id}", "ids": json.dumps([attempt_id]), "ref": f"{parts[0]}x3"},
        )
        await note_parts(c, [Parted(attempt_id, parts)])
        await note_parts(c, [Parted(attempt_id, parts)])


def word(ref: str, *, delivered: bool = True, gateway: str = "cmpp") -> Word:
    code, reason = ("DELIVRD", None) if delivered else ("MK:0001", "dead_number")
    return Word(gateway, "", ref, b"hash", delivered, code, reason, NOW)


async def joined(ledger: Ledger, *words: Word) -> list[Word]:
    async with ledger.writing() as c:
        return await join_parts(c, ledger, words)


async def test_a_text_has_arrived_when_its_last_part_has(ledger: Ledger) -> None:
    await an_attempt(ledger)
    assert await joined(ledger, word("a3")) == []
    assert await joined(ledger, word("a1")) == []
    [whole] = await joined(ledger, word("a2"))
    assert (whole.out_id, whole.provider_ref, whole.delivered, whole.address_hash) == ("out1", "", True, b"hash")


async def test_one_part_that_failed_fails_the_text_and_its_late_arrival_mends_it(ledger: Ledger) -> None:
    await an_attempt(ledger)
    [failed] = await joined(ledger, word("a1"), word("a2", delivered=False), word("a3"))
    assert (failed.delivered, failed.code, failed.reason) == (False, "MK:0001", "dead_number")
    [arrived] = await joined(ledger, word("a2"))
    assert (arrived.delivered, arrived.reason) == (True, None)
    [still] = await joined(ledger, word("a2", delivered=False))
    assert still.delivered


async def test_words_about_whole_messages_and_other_gateways_pass_as_they_are(ledger: Ledger) -> None:
    await an_attempt(ledger)
    others = [word("a1", gateway="mas"), word("b9"), Word("cmpp", "out7", "a1", b"h", True, "x", None, NOW)]
    assert (await joined(ledger, *others))[:2] == others[:2]
    assert await joined(ledger) == []


async def test_a_part_whose_receipt_came_first_is_parked_until_its_text_is_known(ledger: Ledger) -> None:
    async with ledger.writing() as c:
        await park(c, [word("a2"), word("zz")], NOW)
        assert await take_parked(c) == []
    await an_attempt(ledger)
    async with ledger.writing() as c:
        assert [one.provider_ref for one in await take_parked(c)] == ["a2"]
        assert [one.provider_ref for one in await take_parked(c)] == []


_SAID = st.lists(st.tuples(st.sampled_from(PARTS), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_SAID, cuts=st.lists(st.integers(1, 4), min_size=12, max_size=12))
async def test_the_last_word_is_what_all_parts_said_in_any_order(
    ledger: Ledger, said: list[tuple[str, bool]], cuts: list[int]
) -> None:
    await an_attempt(ledger)
    spoken: list[Word] = []
    waiting = [word(ref, delivered=delivered) for ref, delivered in said]
    for cut in cuts:
        now, waiting = waiting[:cut], waiting[cut:]
        spoken += await joined(ledger, *now)
    arrived = {ref for ref, delivered in said if delivered}
    everywhere = arrived == set(PARTS)
    assert any(one.delivered for one in spoken) == everywhere
    if {ref for ref, _ in said} - arrived:
        assert not spoken[-1].delivered
