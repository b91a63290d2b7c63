"""Any interleaving and repetition of the same words leaves the ledger as an in-order replay does."""

import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.domain.lifecycle import MessageEvent
from notifier.store import tally
from notifier.store.folding import fold_words
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.moving import Cause, move_messages
from notifier.store.receipts import Word, park, take_parked
from notifier.store.sealing import Vault, load_keys
from tests.day.planting import A, phone, plant_campaign, settle_in
from tests.real_postgres import settle as run_apart

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
N = 4  # messages, two in each of two households; all in one attempt
_OWED = (
    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, state_at) "
    "VALUES (:id, 1, :id, '640425100201', '', 'pending', 0, 0)"
)
_MESSAGE = (
    "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, chunk_id, "
    "region_code, state, state_at) VALUES (:id, :owed, 1, :person, :contact, 'sms', 0, 0, 1, 1, '640425100201', "
    "'ready', 0)"
)
_ATTEMPT = (
    "INSERT INTO attempt (id, out_id, chunk_id, gateway, template, message_ids, state, started_at) "
    "VALUES (1, 'out', 1, 'aliyun_sms', 'T', '[1, 2, 3, 4]', 'sending', 0)"
)


async def plant(ledger: Ledger) -> None:
    await settle_in(ledger, [A([phone(1), phone(2)]), A([phone(3), phone(4)])])
    await plant_campaign(ledger, 1, "policy", "短信必达", "tell", NOW)
    people = [10, 11, 20, 21]
    async with ledger.writing() as c:
        await c.execute(text(_OWED), [{"id": 1}, {"id": 2}])
        await c.execute(
            text(_MESSAGE),
            [
                {"id": n, "owed": (n + 1) // 2, "person": person, "contact": 10 * person}
                for n, person in enumerate(people, 1)
            ],
        )
        await c.execute(text(_ATTEMPT))
        await tally.count(c, "message", "true", {})
        await tally.count(c, "owed", "true", {})


Step = tuple[str, int]
"""(what happens, message): a receipt's word, or the answer of the call."""
STEPS = st.lists(
    st.tuples(st.sampled_from(["delivered", "failed", "by_ref", "answer"]), st.integers(1, N)), min_size=1, max_size=8
)


def word(ledger: Ledger, what: str, n: int) -> Word:
    out_id, ref = ("", "biz") if what == "by_ref" else ("out", "")
    good = what != "failed"
    code, reason = ("DELIVERED", None) if good else ("MK:0001", "dead_number")
    return Word("aliyun_sms", out_id, ref, ledger.vault.blind("phone", phone(n)), good, code, reason, NOW)


async def happen(ledger: Ledger, steps: Sequence[Step]) -> None:
    """One transaction: the answers are recorded, the words folded, what is unknown parked, what was parked tried."""
    async with ledger.writing() as c:
        if any(what == "answer" for what, _ in steps):
            await c.execute(text("UPDATE attempt SET provider_ref = 'biz', state = 'settled'"))
            await move_messages(c, ledger, range(1, N + 1), Cause(MessageEvent.ACCEPT), NOW)
        words = [word(ledger, what, n) for what, n in steps if what != "answer"]
        await park(c, (await fold_words(c, ledger, words, NOW)).unknown, NOW)
    async with ledger.writing() as c:
        await park(c, (await fold_words(c, ledger, await take_parked(c), NOW)).unknown, NOW)


async def state_of(ledger: Ledger) -> dict[str, Any]:
    asked = {
        "message": "SELECT id, state, code, reason FROM message ORDER BY id",
        "owed": "SELECT id, state, level FROM owed ORDER BY id",
        "setback": "SELECT message_id FROM setback s JOIN message m ON m.id = s.message_id "
        "WHERE m.state <> 'delivered' ORDER BY 1",
        "parked": "SELECT COUNT(*) FROM parked_receipt",
    }
    async with ledger.reading() as c:
        return {name: [tuple(row) for row in await c.execute(text(sql))] for name, sql in asked.items()}


async def outcome(template: Path, batches: Sequence[Sequence[Step]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "ledger.db")
        vault = Vault(load_keys(template.parent / "keys.toml"))
        ledger = await open_ledger(f"sqlite+aiosqlite:///{folder}/ledger.db", vault, pool=1)
        try:
            await plant(ledger)
            for batch in batches:
                await happen(ledger, batch)
            assert await tally.check(ledger) == []
            return await state_of(ledger)
        finally:
            await ledger.close()


@settings(max_examples=25)
@given(STEPS, st.randoms(use_true_random=False))
def test_the_final_state_does_not_depend_on_order_company_or_repetition(
    migrated_file: Path, steps: list[Step], chance: Any
) -> None:
    steps = [*steps, ("answer", 1)]
    in_order = [[one] for one in steps]
    shuffled = [*steps, *(one for one in steps if chance.random() < 0.4)]
    chance.shuffle(shuffled)
    batches: list[list[Step]] = [[]]
    for one in shuffled:
        if chance.random() < 0.5:
            batches.append([])
        batches[-1].append(one)

    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        return await outcome(migrated_file, in_order), await outcome(migrated_file, batches)

    expected, found = run_apart(both())
    assert found == expected


def test_the_ground_of_this_test_stands(migrated_file: Path) -> None:
    found = run_apart(outcome(migrated_file, [[("failed", 1), ("delivered", 2)], [("answer", 1)], [("by_ref", 1)]]))
    assert [state for _, state, _, _ in found["message"]] == ["delivered", "delivered", "accepted", "accepted"]
    assert found["owed"] == [(1, "reached", "handset"), (2, "pending", None)]
