"""How everything that a person can be known by ends: after its days, with its household, or never, for a reason."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, Table, Text, text
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from notifier.domain.errors import InputError
from notifier.domain.settings import Registry, Track
from notifier.domain.watch import Watch
from notifier.operate.retention import purge
from notifier.sandbox.county.numbers import phone_number
from notifier.store import departing
from notifier.store.attachments import open_attachment
from notifier.store.erasing import ERASED
from notifier.store.ledger import Ledger
from notifier.store.registry_changes import Said
from notifier.store.rotation import SEALED_COLUMNS
from notifier.store.tables.columns import stamp
from notifier.store.watching import keep_snapshot
from tests.registry.rosters import FrozenClock, a_ledger, a_row, an_id, hand_in, one, write_book

NOW = FrozenClock().now()
REGISTRY, TRACK, WATCH = Registry(), Track(), Watch()
AFTER_DAYS: Mapping[str, float] = {
    "account_session": 30,
    "alert": 30,
    "consent_entry": TRACK.consent_days,
    "direct_attempt": 30,
    "form_done": 7,
    "heard_text": TRACK.parked_days,
    "import_run": REGISTRY.rejected_days,
    "number_sent": 1,
    "number_verdict": 180,
    "push": TRACK.push_days,
    "snapshot": WATCH.snapshot_days,
    "source_try": 20 / 1440,
    "upload": REGISTRY.upload_days,
    "verification_code": 2,
    "visit_photo": TRACK.photo_days,
}
"""Purged after days; of these the value, and not the row, where the row is a record: `_VALUES`."""
_VALUES = {"import_run": "rejected_sealed", "snapshot": "raw_sealed", "upload": "file_sealed"}
WITH_ITS_HOUSEHOLD = frozenset(
    {"contact", "inquiry", "inquiry_step", "match_decision", "notice", "payment", "person", "registry_change"}
    | {"visit_photo"}
)
BY_A_PERSON = frozenset({"account", "api_key", "factor", "recovery_code"})
"""Of people and systems that work here, until somebody ends it."""
BY_ITS_STEP = frozenset({"binding_attempt", "greeting", "heard_part", "parked_receipt", "payment_push", "token"})
"""Gone as soon as the next step has no use for it."""
WITH_THE_FOLLOWER = frozenset({"follower", "subscription"})
NOBODY_S: Mapping[str, str] = {
    "attempt": "no address",
    "audit_entry": "masked, hashes of itself",
    "benefit_version": "a published text",
    "campaign": "what was approved",
    "household": "a keyed hash, by which a roster does not register who asked to be forgotten",
    "identity": "of a published thing",
    "operator_hint": "whose network a number is in, by its keyed hash",
    "payment_change": "sums, and the hash of a line",
    "shown_text": "a published text",
    "undated_item": "a published text",
}


def test_it_is_decided_for_every_table_how_it_ends() -> None:
    known = {
        *AFTER_DAYS,
        *WITH_ITS_HOUSEHOLD,
        *BY_A_PERSON,
        *BY_ITS_STEP,
        *WITH_THE_FOLLOWER,
        *NOBODY_S,
    }
    kept = {
        name
        for name, table in SQLModel.metadata.tables.items()
        if any(isinstance(column.type, LargeBinary) or column.name.endswith("_hash") for column in table.columns)
    }
    assert kept <= known
    assert known - kept <= {"attempt", "alert", "token", "heard_text"}


def _value(column: Column[Any], n: int, age: timedelta) -> Any:
    at = NOW - age
    if column.name == "at" or column.name.endswith("_at"):
        return at if type(column.type).__name__ == "Instant" else stamp(at)
    if column.name == "on_day":
        return (at + timedelta(hours=8)).toordinal() - 719163
    if column.name == "slot":
        return stamp(at) // 900_000_000
    if isinstance(column.type, LargeBinary):
        return f"{column.name}{n}".encode()
    if isinstance(column.type, AutoString | Text):
        return f"{column.name}{n}"[-12:]
    return n + 1000 if column.name == "push_id" else n


async def _plant(ledger: Ledger, table: Table, ages: list[timedelta]) -> None:
    rows = [{column.name: _value(column, n, age) for column in table.columns} for n, age in enumerate(ages, start=900)]
    async with ledger.writing() as c:
        await c.execute(table.insert(), rows)


async def test_what_is_kept_for_days_is_gone_after_them_and_not_before(ledger_url: str) -> None:
    async with a_ledger(ledger_url) as ledger:
        for name, days in AFTER_DAYS.items():
            age = timedelta(days=days)
            margin = min(timedelta(hours=25), age * 0.3)
            ages = [age + margin, age - margin]
            await _plant(ledger, SQLModel.metadata.tables[name], ages)
        assert await purge(ledger, NOW, REGISTRY, TRACK, WATCH) == len(AFTER_DAYS)
        for name in AFTER_DAYS:
            what = _VALUES.get(name, "1")
            n_left = await one(ledger, f"SELECT COUNT(*) FROM {name} WHERE {what} IS NOT NULL")
            assert n_left == 1, name
        assert await purge(ledger, NOW, REGISTRY, TRACK, WATCH) == 0


async def test_a_refused_list_goes_early_one_that_waits_never_and_what_is_found_again_is_kept_anew(
    sqlite_ledger_url: str,
) -> None:
    long_ago = NOW - timedelta(days=WATCH.snapshot_days + 1)
    async with a_ledger(sqlite_ledger_url) as ledger:
        for n, (draft, decided, taken) in enumerate(
            [("waiting", None, long_ago), ("refused", 31, NOW), ("refused", 29, NOW), (None, None, long_ago)], 1
        ):
            async with ledger.writing() as c:
                snapshot = await keep_snapshot(ledger, c, "s", f"样例{n}".encode(), taken)
                await c.execute(
                    text(
                        "INSERT INTO attachment (id, version, name, url, kind, n_bytes, n_lines, body, snapshot_id, "
                        "draft, decided_at) VALUES (:id, 1, 'a', 'u', 'payments', 1, 0, '', :s, :draft, :at)"
                    ),
                    {
                        "id": n,
                        "s": snapshot,
                        "draft": draft,
                        "at": None if decided is None else stamp(NOW - timedelta(days=decided)),
                    },
                )
        assert await purge(ledger, NOW, REGISTRY, TRACK, WATCH) == 2
        for gone in (2, 4):
            with pytest.raises(InputError, match="保存期"):
                await open_attachment(ledger, gone)
        assert [(await open_attachment(ledger, kept))[1].decode() for kept in (1, 3)] == ["样例1", "样例3"]
        async with ledger.writing() as c:
            assert await keep_snapshot(ledger, c, "s", "样例4".encode(), NOW) == 4
        assert (await open_attachment(ledger, 4))[1].decode() == "样例4"


async def test_a_push_stays_while_it_waits_or_proves_a_wish(sqlite_ledger_url: str) -> None:
    tables = SQLModel.metadata.tables
    async with a_ledger(sqlite_ledger_url) as ledger:
        await _plant(ledger, tables["push"], [timedelta(days=TRACK.push_days + 1)] * 3)
        async with ledger.writing() as c:
            await c.execute(text("INSERT INTO push_due (push_id) VALUES (900)"))
        await _plant(ledger, tables["consent_entry"], [timedelta(days=1)])
        async with ledger.writing() as c:
            await c.execute(text("UPDATE consent_entry SET push_id = 902"))
        assert await purge(ledger, NOW, REGISTRY, TRACK, WATCH) == 1
        assert await one(ledger, "SELECT MIN(id), MAX(id), COUNT(*) FROM push") == (900, 902, 2)


async def test_nothing_that_can_be_opened_names_an_erased_household(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2)]))
        await _tell_and_ask(ledger)
        before = await _opened(ledger)
        assert {"person", "payment", "notice", "inquiry", "inquiry_step"} <= before["王样1"]
        assert before[phone_number(1)] == {"contact"}
        said = Said("guanli", "本人要求", NOW)
        await departing.depart(ledger, 1, said)
        await departing.erase_household(ledger, 1, said)
        after = await _opened(ledger)
        assert after["王样1"] == set()
        assert after[an_id(1, "19500308")] == after[phone_number(1)] == set()
        assert after["王样2"] == before["王样2"]
        facts = json.loads(ledger.vault.open("notice.facts_sealed", 31, await one(ledger, _FACTS)))
        assert facts == {"name": ERASED, "amount": "12.00"}
        assert await one(ledger, "SELECT COUNT(*), SUM(amount_fen) FROM payment") == (2, 2400)


_FACTS = "SELECT facts_sealed FROM notice WHERE id = 31"


async def _tell_and_ask(ledger: Ledger) -> None:
    """Each household was paid and told a line, and asked about it; and both were told one policy."""
    seal = ledger.vault.seal_text
    tables = SQLModel.metadata.tables
    rows: dict[str, list[dict[str, Any]]] = {}
    for n in (1, 2):
        named = {"name": f"王样{n}", "amount": "12.00"}
        asked = seal("inquiry.text_sealed", n, f"王样{n}，问补贴")
        rows.setdefault("payment", []).append(
            {
                "id": n, "household_id": n, "amount_fen": 1200,
                "beneficiary_sealed": seal("payment.beneficiary_sealed", n, f"王样{n}"),
                "holder_sealed": seal("payment.holder_sealed", n, f"王样{n}"),
                "id_sealed": seal("payment.id_sealed", n, an_id(n, "19500308")),
            }
        )  # fmt: skip
        rows.setdefault("owed", []).append({"id": n, "campaign_id": 1, "household_id": n})
        rows.setdefault("message", []).extend(
            {"id": k, "owed_id": n, "step": k, "notice_id": notice} for k, notice in ((30 + n, 30 + n), (40 + n, 7))
        )
        rows.setdefault("notice", []).append(
            {"id": 30 + n, "facts_sealed": seal("notice.facts_sealed", 30 + n, json.dumps(named))}
        )
        rows.setdefault("inquiry", []).append(
            {"id": n, "household_id": n, "text_sealed": asked, "contact_sealed": None, "contact_hash": None}
        )
        rows.setdefault("inquiry_step", []).append(
            {"id": n, "inquiry_id": n, "text_sealed": seal("inquiry_step.text_sealed", n, f"王样{n}您好")}
        )
    shared = seal("notice.facts_sealed", 7, json.dumps({"title": "王样2家门口的政策"}))
    rows["notice"].append({"id": 7, "facts_sealed": shared})
    async with ledger.writing() as c:
        for name, some in rows.items():
            for row in some:
                needed = [column for column in tables[name].columns if not column.nullable]
                full = {column.name: _value(column, int(row["id"]), timedelta()) for column in needed}
                await c.execute(tables[name].insert(), [full | row])


async def _opened(ledger: Ledger) -> dict[str, set[str]]:
    """In which tables each person is found when every sealed value is opened."""
    looked_for = ("王样1", "王样2", an_id(1, "19500308"), phone_number(1))
    found: dict[str, set[str]] = {one: set() for one in looked_for}
    async with ledger.reading() as c:
        for column in SEALED_COLUMNS:
            query = f"SELECT {column.key}, {column.column} FROM {column.table} WHERE {column.column} IS NOT NULL"
            for key, value in await c.execute(text(query)):
                content = ledger.vault.open(*column.bound(key), bytes(value)).decode("utf-8", "replace")
                content = json.dumps(json.loads(content), ensure_ascii=False) if column.table == "notice" else content
                for who in looked_for:
                    found[who] |= {column.table} if who in content else set()
    return found
