"""A roster that brings new numbers: who waits is told there; keys of merged households; other townships' rows."""

from pathlib import Path

from sqlalchemy import text

from notifier.registry.handing_in import HandedIn
from notifier.registry.importing import import_households
from notifier.store.departing import depart
from notifier.store.household_merging import merge
from notifier.store.registry_changes import Said
from tests.registry.rosters import (
    SETTINGS,
    FrozenClock,
    Watcher,
    a_ledger,
    a_row,
    hand_in,
    one,
    rejected_rows,
    write_book,
)

NEW = "19988887777"
_OWED = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, evidence, confidence, summary, "
    "ladder, state, reviews_needed, created_by, created_at, composed_at) VALUES (1, 1, 1, 'tell', 'policy', '补贴', "
    "'[]', 0, '', '短信必达', 'finished', 0, 'system', 0, 1)",
    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, reason, composed_step, state_at) "
    "SELECT id, 1, id, region_code, 'w', 'unreached', 'silent', 0, 0 FROM household",
    "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, chunk_id, "
    "region_code, state, reason, state_at) SELECT t.household_id, t.household_id, 1, t.person_id, t.id, 'sms', 0, 0, "
    "1, 1, 'r', 'failed', 'dead_number', 0 FROM contact t",
    "INSERT INTO correction_task (id, contact_id, person_id, household_id, region_code, reason, state, opened_at) "
    "SELECT id, id, person_id, household_id, 'r', 'dead_number', 'open', 0 FROM contact",
)


async def test_a_number_that_a_roster_corrects_is_told_what_waits_and_no_other(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2)]))
        async with ledger.writing() as c:
            for statement in _OWED:
                await c.execute(text(statement))
        rows = [a_row(1, 户联系电话=NEW), a_row(2)]
        await hand_in(ledger, write_book(tmp_path / "b.xlsx", rows))
        assert await one(ledger, "SELECT MIN(message_id), COUNT(*) FROM setback WHERE is_corrected = 1") == (1, 1)
        assert await one(ledger, "SELECT state, composed_at FROM campaign") == ("running", None)
        assert await one(ledger, "SELECT state FROM correction_task WHERE person_id = 1") == "closed"
        assert await one(ledger, "SELECT state FROM correction_task WHERE person_id = 2") == "open"


async def test_a_merged_household_s_row_changes_its_people_where_they_live_now(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    clock = FrozenClock()
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1), a_row(2)]))
        await merge(ledger, 1, 2, Said("guanli", "登记了两次", clock.now()))
        again = [a_row(2, 户联系电话=NEW, **{"耕地面积(亩)": 99.0})]
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", again))
        assert (report.n_changed, report.n_rejected) == (1, 0)
        assert await one(ledger, "SELECT COUNT(*) FROM contact WHERE household_id = 1") == 3
        assert await one(ledger, "SELECT farmland_mu, householder_id FROM household WHERE id = 1") == (3500, 1)


async def test_rows_of_a_household_that_left_go_back_until_it_is_registered_again(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    clock = FrozenClock()
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1)]))
        await depart(ledger, 1, Said("guanli", "迁走", clock.now()))
        report = await hand_in(ledger, write_book(tmp_path / "b.xlsx", [a_row(1, 户联系电话=NEW)]))
        assert (report.n_rejected, await one(ledger, "SELECT COUNT(*) FROM contact")) == (1, 1)
        assert "登记迁出" in rejected_rows(report)[0][1]


async def test_a_township_s_roster_leaves_other_townships_alone(sqlite_ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(sqlite_ledger_url) as ledger:
        await hand_in(ledger, write_book(tmp_path / "a.xlsx", [a_row(1)]))
        path = write_book(tmp_path / "b.xlsx", [a_row(1, 户联系电话=NEW), a_row(2), a_row(3, 行政村="王洼镇样例庄村")])
        file = HandedIn(path, "b.xlsx", "wangwa", "640425101000")
        report = await import_households(ledger, file, SETTINGS, FrozenClock(), Watcher())
        assert (report.n_rejected, report.n_households_added) == (3, 0)
        assert await one(ledger, "SELECT COUNT(*) FROM contact") == 1
