"""Uploaded lists: whom each row means, what comes back, and rules that name them."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.domain.regions import Region, level_of
from notifier.domain.rule_language import parse_rule
from notifier.domain.settings import Registry
from notifier.registry.handing_in import HandedIn
from notifier.registry.name_lists import ListReport, import_list
from notifier.sources.lines import read_lines
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.name_lists import drop_list, stored_lists
from notifier.store.registry_regions import keep_regions
from notifier.store.rule_counting import count_by_village, examples, vocabulary
from notifier.store.sealing import Vault, load_keys
from tests.registered import COUNTY, NAMES, OTHER_VILLAGE, FrozenClock, Home, a_workbook, an_id, register

HEADER = ("序号", "姓名", "身份证号", "行政村", "村民小组")
NAME = "2026危房名单"
ROWS = [
    ("样例甲", an_id(1), None, None),
    (an_id(2), "样例乙", None, None),  # name and id in each other's column
    ("样例丙", None, "白阳样例一村", "二组"),
    ("样例戊", None, "白阳样例二村", None),
    ("样例甲", an_id(1)[:6] + an_id(1)[8:17], None, None),  # the old form of the same id
    ("样例丙", None, "白阳样例一村", None),
    ("别人丙", an_id(3), None, None),
    ("样例丁", an_id(5), None, None),
    ("样例己", None, None, None),
    ("样例甲", an_id(9), None, None),
    ("样例甲", "6404251970", None, None),
]


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await keep_regions(opened, [Region(code, name, level_of(code), None) for code, name in NAMES.items()])
    yield opened
    await opened.close()


async def upload(ledger: Ledger, folder: Path, rows: Sequence[Sequence[str | None]], name: str = NAME) -> ListReport:
    path = folder / "list.xlsx"
    path.write_bytes(
        a_workbook([[str(n), *row] for n, row in enumerate(rows, 1)], titles=["危房户名单"], header=HEADER)
    )
    return await import_list(ledger, HandedIn(path, path.name, "clerk"), name, Registry(), FrozenClock())


async def on_list(ledger: Ledger) -> set[int]:
    rule = parse_rule(f'在名单 "{NAME}"', await vocabulary(ledger))
    found = await examples(ledger, rule, COUNTY, n_matched=20, n_unmatched=0)
    assert len(found) == sum(one.n for one in await count_by_village(ledger, rule, COUNTY))
    return {one.household_id for one in found}


async def test_each_row_finds_its_household_or_comes_back_with_the_reason(ledger: Ledger, tmp_path: Path) -> None:
    homes = [
        Home("样例甲", an_id(1)),
        Home("样例乙", an_id(2)),
        Home("样例丙", an_id(3)),
        Home("样例丙", an_id(4), group="2组"),
        Home("样例丁", an_id(5), state="moved"),
        Home("样例戊", an_id(6), village=OTHER_VILLAGE),
    ]
    one, two, _, four, _, six = await register(ledger, homes)
    report = await upload(ledger, tmp_path, ROWS)
    assert (report.n_rows, report.n_households, report.n_rejected) == (11, 4, 6)
    assert await on_list(ledger) == {one, two, four, six}
    assert report.rejected is not None
    reasons = [str(line.cells[1]) for line in read_lines(report.rejected, "back.xlsx")][-6:]
    words = ("多名同名", "不同的人", "不在册", "没有行政村", "没有这个身份证号", "18 位")
    assert all(word in reason for word, reason in zip(words, reasons, strict=True)), reasons
    (stored,) = await stored_lists(ledger)
    assert (stored.name, stored.by_user, stored.n_rows, stored.n_unmatched, stored.n_households) == (
        NAME,
        "clerk",
        11,
        6,
        4,
    )


async def test_a_new_upload_replaces_a_list_and_a_bad_one_leaves_it(ledger: Ledger, tmp_path: Path) -> None:
    one, two = await register(ledger, [Home("样例甲", an_id(1)), Home("样例乙", an_id(2))])
    await upload(ledger, tmp_path, [("样例甲", an_id(1), None, None)])
    await upload(ledger, tmp_path, [("样例乙", an_id(2), None, None)])
    assert await on_list(ledger) == {two}
    path = tmp_path / "bad.xlsx"
    path.write_bytes(a_workbook([["1", "x"]], header=("序号", "备注")))
    with pytest.raises(InputError, match="表头"):
        await import_list(ledger, HandedIn(path, path.name), NAME, Registry(), FrozenClock())
    with pytest.raises(InputError, match="名单名称"):
        await upload(ledger, tmp_path, [("样例甲", an_id(1), None, None)], name=" ")
    assert await on_list(ledger) == {two}
    assert await drop_list(ledger, NAME)
    assert not await drop_list(ledger, NAME)
    assert list((await vocabulary(ledger)).lists) == []
    assert one


async def test_to_an_uploader_whoever_lives_elsewhere_is_not_registered(ledger: Ledger, tmp_path: Path) -> None:
    one, two = await register(ledger, [Home("样例甲", an_id(1)), Home("样例戊", an_id(6), village=OTHER_VILLAGE)])
    path = tmp_path / "list.xlsx"
    rows = [["样例甲", an_id(1)], ["样例戊", an_id(6)], ["样例戊", an_id(7)]]
    path.write_bytes(a_workbook(rows, header=("姓名", "身份证号")))
    async with ledger.reading() as c:
        homes = await c.execute(text("SELECT id, region_code FROM household"))
        lives = {int(row.id): str(row.region_code) for row in homes}
    assert lives[one] != lives[two]
    handed = HandedIn(path, path.name, "clerk", lives[one])
    report = await import_list(ledger, handed, NAME, Registry(), FrozenClock())
    assert await on_list(ledger) == {one}
    assert report.rejected is not None
    reasons = [str(line.cells[1]) for line in read_lines(report.rejected, "back.xlsx")][-2:]
    assert reasons[0] == reasons[1]
    assert "没有这个身份证号" in reasons[0]
