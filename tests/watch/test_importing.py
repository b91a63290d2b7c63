"""A payment workbook handed in by a person."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from notifier.domain import settings
from notifier.domain.errors import InputError
from notifier.sandbox.county import build_county, write_payments
from notifier.sources.definitions import FolderDefinition
from notifier.sources.folder import FolderSource
from notifier.sources.headers import load_aliases
from notifier.sources.looking import Means
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.registry_runs import read_rejected
from notifier.store.sealing import Vault, load_keys
from notifier.watch.importing import Handed, PaymentImport, import_payments
from notifier.watch.step import step
from notifier.watch.taking import Became
from notifier.wire import Wire
from tests.registered import COUNTY, FrozenClock, Home, a_line, a_workbook, an_id, register

ALIASES = load_aliases(Path("config/headers.toml"), "payments")


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def hand_in(ledger: Ledger, file: Path, content: bytes | None = None) -> PaymentImport:
    if content is not None:
        file.write_bytes(content)
    return await import_payments(ledger, file, FrozenClock(), Handed(ALIASES, by_user="clerk"))


async def test_importing_again_changes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    await register(ledger, [Home("甲")])
    content = a_workbook([a_line("甲", an_id(1)), a_line("乙", an_id(2)), a_line("丙", an_id(3), amount="待核")])
    first = await hand_in(ledger, tmp_path / "a.xlsx", content)
    again = await hand_in(ledger, tmp_path / "renamed.xlsx", content)
    assert (first.n_rows, first.n_new, first.n_rejected) == (3, 2, 1)
    async with ledger.reading() as c:
        assert (await c.execute(text("SELECT region_code FROM benefit"))).scalar_one() == COUNTY
    assert (again.n_rows, again.n_new, again.n_rejected) == (3, 0, 1)
    assert again.batches[0].became is Became.KNOWN
    assert again.batches[0].benefit_id == first.batches[0].benefit_id


async def test_the_rejected_rows_go_back_mendable_to_their_uploader_alone(ledger: Ledger, tmp_path: Path) -> None:
    bad = a_line("丙", an_id(3), amount=None, card=6.2170000000000012e18)
    report = await hand_in(ledger, tmp_path / "a.xlsx", a_workbook([a_line("甲", an_id(1)), bad]))
    assert report.rejected == await read_rejected(ledger, report.run_id, "clerk")
    assert await read_rejected(ledger, report.run_id, "somebody else") is None
    assert report.rejected is not None
    back = await hand_in(ledger, tmp_path / "back.xlsx", report.rejected)
    assert (back.n_new, back.n_rejected) == (0, 1)
    assert "缺少金额" in _texts(report.rejected)


def _texts(content: bytes) -> str:
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return str([sheets.get_sheet_by_index(n).to_python() for n in range(len(sheets.sheet_names))])


async def test_a_mended_rejected_row_joins_the_batch_it_came_from(ledger: Ledger, tmp_path: Path) -> None:
    first = await hand_in(
        ledger, tmp_path / "a.xlsx", a_workbook([a_line("甲", an_id(1)), a_line("乙", an_id(2), amount=None)])
    )
    mended = a_workbook([a_line("乙", an_id(2))])
    back = await hand_in(ledger, tmp_path / "b.xlsx", mended)
    assert (back.n_new, back.batches[0].became) == (1, Became.MORE)
    assert back.batches[0].benefit_id == first.batches[0].benefit_id


async def test_a_person_can_import_what_the_baseline_swallowed(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    file = tmp_path / "watched" / "a.xlsx"
    file.write_bytes(a_workbook([a_line("甲", an_id(1))]))
    definition = FolderDefinition(kind="folder", name="f", title="样例", path=file.parent, settle=timedelta(0))
    async with Wire(settings.Wire()) as wire:
        late = FrozenClock()
        late.at = late.at.replace(year=2099)
        source = FolderSource(definition, Means(wire, late, ALIASES))
        report = await step(ledger, [source], FrozenClock(), settings.Watch())
    assert report.sources[0].counts[Became.BASELINE] == 1
    assert (await hand_in(ledger, file)).n_new == 1


async def test_what_cannot_be_read_changes_nothing_and_is_named(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"打不开文件「none\.xlsx」"):
        await hand_in(ledger, tmp_path / "none.xlsx")
    with pytest.raises(InputError, match=r"bad\.xlsx"):
        await hand_in(ledger, tmp_path / "bad.xlsx", b"PK\x03\x04")
    async with ledger.reading() as c:
        assert (await c.execute(text("SELECT COUNT(*) FROM import_run"))).scalar_one() == 0


async def test_a_file_without_a_good_line_hands_every_row_back(ledger: Ledger, tmp_path: Path) -> None:
    report = await hand_in(ledger, tmp_path / "a.xlsx", a_workbook([a_line("甲", an_id(1), amount="待核")]))
    assert (report.n_new, report.n_rejected, report.batches[0].benefit_id) == (0, 1, None)
    assert report.rejected


async def test_a_countys_payment_files_add_up(ledger: Ledger, tmp_path: Path) -> None:
    truth = write_payments(build_county(7, 200), tmp_path)
    for batch in truth.batches:
        report = await hand_in(ledger, tmp_path / batch.file)
        assert report.n_rows == batch.n_lines
        planted = {(row.sheet, row.row) for row in batch.rejected}
        assert report.n_rejected == len(planted) + batch.n_repeated
        assert report.n_new == batch.n_lines - report.n_rejected
