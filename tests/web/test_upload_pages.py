"""A messy roster handed in by a browser: looked at, saved, its rejected rows back for nobody but its uploader."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from notifier.app.uploading import UploadDesk
from notifier.domain.settings import Registry
from notifier.registry import batches
from notifier.settings import Settings
from notifier.web.desk import DESK
from tests.registered import a_line, a_workbook
from tests.registry.rosters import a_row, write_book
from tests.report import ground
from tests.web.front import Front, csrf_in
from tests.web.test_pages import lay_unmatched

VILLAGE = "白阳样例一村"


@pytest.fixture
async def desk(front: Front) -> AsyncIterator[Front]:
    """The front desk with somebody who works on files."""
    uploads = UploadDesk(front.ledger, front.clock, Settings())
    app = front.client.app
    assert app is not None
    # What a started application serves with cannot be replaced; its one field can.
    object.__setattr__(app[DESK], "uploads", uploads)
    object.__setattr__(app[DESK], "registry", replace_mb(app[DESK].registry))
    yield front
    await uploads.close()


def replace_mb(of: Registry) -> Registry:
    return of.model_copy(update={"upload_mb": 2})


async def hand_in(
    front: Front, path: Path, kind: str = "households", *, token: str | None = None, at: str = "/uploads/file"
) -> tuple[int, str]:
    """(status, where it leads) of a file posted as a browser posts it."""
    form = FormData()
    form.add_field("_csrf", token or csrf_in(await front.page("/")))
    form.add_field("kind", kind)
    form.add_field("file", io.BytesIO(path.read_bytes()), filename=path.name, content_type="application/octet-stream")
    answer = await front.client.post(at, data=form, allow_redirects=False)
    return answer.status, answer.headers.get("Location", "")


async def settled(front: Front, at: str) -> str:
    for _ in range(400):
        page = await front.page(at)
        if "data-busy" not in page and "hx-trigger" not in page:
            return page
        await asyncio.sleep(0.01)
    raise AssertionError("the upload does not come to an end")


async def n_households(front: Front) -> int:
    async with front.ledger.reading() as c:
        return int((await c.execute(text("SELECT COUNT(*) FROM household"))).scalar_one())


async def test_a_roster_is_previewed_saved_and_its_bad_rows_go_back_to_its_uploader_alone(
    desk: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_ROWS_A_BATCH", 2)  # the file is larger than a batch
    rows = [a_row(n, 行政村=VILLAGE) for n in (1, 2, 3, 1)] + [a_row(4, 行政村="不存在的样例村")]
    path = write_book(tmp_path / "名册 19911112222.xlsx", rows)
    before = await n_households(desk)
    await desk.log_in("guanli")
    status, at = await hand_in(desk, path)
    assert (status, bool(re.fullmatch(r"/uploads/\d+", at))) == (303, True)
    page = await settled(desk, at)
    for words in ("还没有保存", "新登记 3 户", "新登记,1 人", "白阳样例一村", "区划表中没有行政村"):
        assert words in page, words
    assert not any(one in page for one in ("王样1", "19911112222", "不存在的样例村"))
    assert await n_households(desk) == before
    assert (await desk.post(f"{at}/save")).status == 303
    page = await settled(desk, at)
    assert "已导入" in page
    assert await n_households(desk) == before + 3
    assert (await desk.post(f"{at}/save")).status == 303  # a double click saves nothing twice
    answer = await desk.client.get(f"{at}/rejected.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(await answer.read()))
    assert book.get_sheet_by_index(0).to_python()[1][0] == "退回"
    await desk.log_in("baiyang")
    await desk.page(at, 404)
    await desk.page(f"{at}/rejected.xlsx", 404)


async def test_a_preview_says_what_a_second_file_changes(desk: Front, tmp_path: Path) -> None:
    await desk.log_in("baiyang")
    _, first = await hand_in(desk, write_book(tmp_path / "a.xlsx", [a_row(n, 行政村=VILLAGE) for n in (1, 2)]))
    await settled(desk, first)
    await desk.post(f"{first}/save")
    await settled(desk, first)
    other = [
        a_row(1, 行政村=VILLAGE, 户联系电话="19988887777", **{"耕地面积(亩)": 9.0}),
        a_row(2, 行政村=VILLAGE),
        a_row(5, 行政村="王洼样例一村"),
    ]
    _, second = await hand_in(desk, write_book(tmp_path / "b.xlsx", other))
    page = await settled(desk, second)
    for words in ("电话改为 199****7777", "耕地亩 3.5 → 9", "不在您管辖的地区", "有改动 1 户"):
        assert words in page, words
    await desk.post(f"{second}/discard")
    assert "已丢弃" in await desk.page(second)
    async with desk.ledger.reading() as c:
        assert (await c.execute(text("SELECT COUNT(*) FROM upload WHERE file_sealed IS NOT NULL"))).scalar_one() == 0


async def test_what_is_no_workbook_too_large_or_from_elsewhere_is_refused(desk: Front, tmp_path: Path) -> None:
    await desk.log_in("guanli")
    broken = tmp_path / "坏.xlsx"
    broken.write_bytes(b"PK not a workbook")
    _, at = await hand_in(desk, broken)
    assert 'role="alert"' in await settled(desk, at)
    large = tmp_path / "大.csv"
    large.write_bytes(b"1" * (2 << 20) + b"1")
    assert await hand_in(desk, large) == (303, "/uploads")
    assert "超过 2 MB" in await desk.page("/uploads")
    assert (await hand_in(desk, broken, token="another session's"))[0] == 403
    (tmp_path / "a.exe").write_bytes(b"x")
    assert await hand_in(desk, tmp_path / "a.exe") == (303, "/uploads")


async def test_a_payment_list_is_previewed_and_saved_by_the_county_only(desk: Front, tmp_path: Path) -> None:
    path = tmp_path / "清单.xlsx"
    path.write_bytes(a_workbook([a_line("样例甲", "640425197001010011"), a_line("样例乙")]))
    await desk.log_in("baiyang")
    assert await hand_in(desk, path, "payments") == (303, "/uploads")
    await desk.log_in("guanli")
    _, at = await hand_in(desk, path, "payments")
    page = await settled(desk, at)
    assert "耕地地力保护补贴" in page
    assert "样例甲" not in page
    await desk.post(f"{at}/save")
    assert "新明细" in await settled(desk, at)
    async with desk.ledger.reading() as c:
        assert (await c.execute(text("SELECT COUNT(*) FROM payment"))).scalar_one() > 0


async def test_the_unmatched_queue_is_worked_off_in_a_workbook(desk: Front, tmp_path: Path) -> None:
    await lay_unmatched(desk)
    await desk.log_in("guanli")
    queue = await (await desk.client.get("/matching/queue.xlsx")).read()
    rows = CalamineWorkbook.from_filelike(io.BytesIO(queue)).get_sheet_by_index(0).to_python()
    assert not any(name in str(rows) for name in ground.NAMES)
    head = next(at for at, row in enumerate(rows) if "决定" in row)
    column = rows[head].index("决定")
    rows[head + 1][column] = 1
    path = write_book(tmp_path / "核对.xlsx", rows[head + 1 :], header=[str(cell) for cell in rows[head]])
    assert await hand_in(desk, path, at="/matching/decisions") == (303, "/matching")
    assert "已核对 1 笔" in await desk.page("/matching")
    status, _ = await hand_in(desk, path, at="/matching/decisions")  # decided already: the row comes back
    assert status == 200
    await desk.log_in("baiyang")
    await desk.page("/matching/queue.xlsx", 404)


async def test_shared_numbers_followers_and_regions_are_shown_for_the_own_region(desk: Front, tmp_path: Path) -> None:
    same = [a_row(n, 行政村=VILLAGE, 户联系电话="19988887777") for n in range(1, 6)]
    await desk.log_in("guanli")
    _, at = await hand_in(desk, write_book(tmp_path / "a.xlsx", same))
    await settled(desk, at)
    await desk.post(f"{at}/save")
    await settled(desk, at)
    page = await desk.page("/shared-phones")
    assert "199****7777" in page
    assert "不用" in page
    found = re.search(r"/shared-phones/(\d+)", page)
    assert found is not None
    carriers = await desk.page(found[0])
    forms = re.findall(r'action="(/households/\d+/drop)".*?name="contact" value="(\d+)"', carriers, re.S)
    assert len(forms) == 5
    for action, contact in forms[:2]:
        await desk.post(action, contact=contact, why="不是这家的")
    assert "可用" in await desk.page("/shared-phones")
    assert "王洼镇" in await desk.page("/regions")
    assert "还没有农户绑定微信" in await desk.page("/followers")
    await desk.page("/regions?region=640425100000")
    await desk.log_in("cunguan")
    await desk.page(f"/regions?region={ground.WANGWA}", 404)
