"""Projects through their levels: who may, what waits, what the county sheet counts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from notifier.campaigns.filing import FilingDesk, Officer
from notifier.domain import settings
from notifier.domain.benefits import AuditState
from notifier.domain.errors import InputError
from notifier.domain.filing import FilingDeed
from notifier.match.step import step as match
from notifier.report.county_sheet import write_county_sheet
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.store.audit import latest
from notifier.store.campaigns import list_campaigns
from notifier.store.filing import project
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.watch.importing import Handed, import_payments
from tests.registered import COUNTY, TOWNSHIP, VILLAGE, FrozenClock, Home, a_line, a_workbook, an_id, register

ALIASES = load_aliases(Path("config/headers.toml"), "payments")
V, T, C = AuditState.VILLAGE, AuditState.TOWNSHIP, AuditState.COUNTY
CUN, XIANG, XIAN = Officer("cun", VILLAGE), Officer("xiang", TOWNSHIP), Officer("xian", COUNTY)
CUN2, XIANG2, XIAN2 = Officer("cun2", VILLAGE), Officer("xiang2", TOWNSHIP), Officer("xian2", COUNTY)


@pytest.fixture
async def desk(ledger_url: str, tmp_path: Path) -> AsyncIterator[FilingDesk]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await register(opened, [Home("甲", an_id(1))])
    yield FilingDesk(opened, FrozenClock(), settings.Watch().filing_levels())
    await opened.close()


async def a_project(ledger: Ledger, folder: Path, region: str, title: str = "2026年冬小麦补贴") -> int:
    """A list that says nothing of 备案 and 审核, handed in for a region."""
    file = folder / "a.xlsx"
    file.write_bytes(a_workbook([a_line("甲", an_id(1), item=title)], titles=[title]))
    report = await import_payments(ledger, file, FrozenClock(), Handed(ALIASES, region_code=region))
    benefit_id = report.batches[0].benefit_id
    assert benefit_id is not None
    return benefit_id


async def n_campaigns(ledger: Ledger) -> int:
    await match(ledger, Settings(), FrozenClock())
    return len(await list_campaigns(ledger))


async def test_a_village_project_goes_up_and_only_the_last_audit_lets_it_out(desk: FilingDesk, tmp_path: Path) -> None:
    number = await a_project(desk.ledger, tmp_path, VILLAGE)
    assert [await desk.file(number, who) for who in (CUN, XIANG, XIAN)] == [V, T, C]
    for who, level in ((CUN2, V), (XIANG2, T)):
        assert await desk.audit(number, who) == level
        assert await n_campaigns(desk.ledger) == 0
    assert await desk.audit(number, XIAN2) == C
    assert await n_campaigns(desk.ledger) == 1
    found = await project(desk.ledger, number, COUNTY)
    assert [(one.deed, one.level, one.who) for one in found.steps][-1] == (FilingDeed.AUDIT, C, "xian2")
    assert desk.says(found) == "审核已全部完成"
    assert desk.open_deeds(found, XIAN) == {}
    assert (await latest(desk.ledger, 1))[0].what == "filing.audit"


async def test_what_is_sent_back_tells_nobody_until_all_saw_it_again(desk: FilingDesk, tmp_path: Path) -> None:
    number = await a_project(desk.ledger, tmp_path, VILLAGE)
    for who in (XIAN, XIAN, XIAN):
        await desk.file(number, who)
    for who in (XIAN2, XIAN2):
        await desk.audit(number, who)
    with pytest.raises(InputError, match="请写明要改什么"):
        await desk.send_back(number, XIAN, " ")
    assert await desk.send_back(number, XIAN, "户主张三的电话 19900001234 写错") == C
    found = await project(desk.ledger, number, COUNTY)
    assert (found.audit, found.steps[-1].who) == (AuditState.RETURNED, "xian")
    assert "19900001234" not in (found.steps[-1].remark or "")
    with pytest.raises(InputError, match="待整改"):
        await desk.audit(number, XIAN2)
    assert await n_campaigns(desk.ledger) == 0
    for who in (CUN, XIANG, XIAN):
        await desk.file(number, who)
    for who in (CUN2, XIANG2, XIAN2):
        await desk.audit(number, who)
    assert await n_campaigns(desk.ledger) == 1


async def test_nobody_acts_above_their_level_outside_their_region_or_on_their_own_filing(
    desk: FilingDesk, tmp_path: Path
) -> None:
    number = await a_project(desk.ledger, tmp_path, VILLAGE)
    await desk.file(number, CUN)
    with pytest.raises(InputError, match="待村级审核"):
        await desk.file(number, CUN2)
    with pytest.raises(InputError, match="另一人"):
        await desk.audit(number, CUN)
    stranger = Officer("else", "640425101000")
    with pytest.raises(InputError, match="不在您管辖"):
        await desk.audit(number, stranger)
    countys = await a_project(desk.ledger, tmp_path, COUNTY, "2026年全县项目")
    with pytest.raises(InputError, match="不在您管辖"):
        await desk.file(countys, XIANG)
    assert [one.benefit_id for one in await desk.projects(TOWNSHIP)] == [number]


async def test_the_county_sheet_counts_by_township_and_time(desk: FilingDesk, tmp_path: Path) -> None:
    number = await a_project(desk.ledger, tmp_path, VILLAGE)
    await a_project(desk.ledger, tmp_path, COUNTY, "2026年全县项目")
    for _ in range(3):
        await desk.file(number, XIAN)
    now = desk.clock.now()
    counts = await desk.township_counts(COUNTY, now - timedelta(days=1), now + timedelta(days=1))
    assert [(one.name, one.n_filed, one.n_audited) for one in counts] == [("白阳镇", 1, 0), ("县本级", 0, 0)]
    before = await desk.township_counts(COUNTY, now - timedelta(days=2), now - timedelta(days=1))
    assert sum(one.n_filed for one in before) == 0
    book = CalamineWorkbook.from_filelike(BytesIO(write_county_sheet(counts, now, now)))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[:3] for row in rows[3:]] == [["白阳镇", 1.0, 0.0], ["县本级", 0.0, 0.0], ["合计", 1.0, 0.0]]


async def test_what_a_file_says_is_on_record_as_the_file_s_word(desk: FilingDesk, tmp_path: Path) -> None:
    file = tmp_path / "b.xlsx"
    file.write_bytes(a_workbook([a_line("甲", an_id(1))]))
    report = await import_payments(desk.ledger, file, FrozenClock(), Handed(ALIASES, region_code=COUNTY))
    found = await project(desk.ledger, report.batches[0].benefit_id or 0, COUNTY)
    said = [(one.deed, one.level, one.who) for one in found.steps]
    assert said == [(FilingDeed.FILE, C, "source:import"), (FilingDeed.AUDIT, C, "source:import")]
    assert (await desk.counts(COUNTY))[C] == 1
