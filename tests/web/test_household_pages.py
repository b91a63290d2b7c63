"""Finding a household, reading its story, correcting it; and the wall around each region."""

import re

import pytest
from sqlalchemy import text

from notifier.domain.identity import Phone
from notifier.sandbox.county.numbers import phone_number
from notifier.store.audit import latest
from notifier.store.registry_contacts import NewPhone, correct_phone
from tests.report import ground
from tests.web.front import Front

HOME, NAME, PHONE = 1007, ground.NAMES[1007 % 4], phone_number(77)
"""An unreached household of the first village, its householder, and the number that it gets."""


async def with_phone(front: Front) -> None:
    await correct_phone(front.ledger, NewPhone(HOME, Phone(PHONE), "guanli"), 3, ground.NOW)
    async with front.ledger.writing() as c:
        hashed = front.ledger.vault.blind("name", NAME)
        await c.execute(text("UPDATE person SET name_hash = :hash WHERE id = :id"), {"hash": hashed, "id": HOME})


def told(page: str) -> str:
    found = re.search(r'class="told[^"]*">(.*?)</p>', page, re.S)
    return found[1] if found else ""


@pytest.mark.parametrize("words", [NAME, PHONE, f"  {PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]} "])
async def test_a_household_is_found_by_name_or_phone_which_stand_in_no_address(front: Front, words: str) -> None:
    await with_phone(front)
    await front.log_in("guanli")
    answer = await front.post("/households/search", words=words, village="")
    page = await answer.text()
    assert f"/households/{HOME}" in page
    assert not any(one in page for one in (NAME, PHONE))
    assert (await latest(front.ledger, 1))[0].detail == '{"n": 1, "region": "640425000000"}'
    await front.log_in("wangwa")  # an official searches nobody, a clerk of another township finds nobody
    assert (await front.post("/households/search", words=words, village="")).status == 403


async def test_a_part_of_a_name_is_enough_within_one_village(front: Front) -> None:
    await front.log_in("baiyang")
    answer = await front.post("/households/search", words=NAME[:2], village=ground.VILLAGE_1)
    assert f"/households/{HOME}" in await answer.text()
    assert (await front.post("/households/search", words=NAME[:2], village=ground.VILLAGE_3)).status == 404
    answer = await front.post("/households/search", words="1990000", village="")
    assert "没有找到" in await answer.text()


async def test_the_story_tells_what_was_owed_sent_visited_and_corrected_masked(front: Front) -> None:
    await with_phone(front)
    await front.log_in("shenji")
    page = await front.page(f"/households/{HOME}")
    for words in ("种植耕地", "2026年耕地地力保护补贴", "待入户：空号", "电话：无 → 199****"):
        assert words in page, words
    assert not any(one in page for one in (NAME, PHONE))
    assert "更正家庭情况" not in page
    await front.log_in("cunguan")
    await front.page("/households/1017", 404)


async def test_a_name_in_clear_takes_a_reason_and_leaves_an_audit_row(front: Front) -> None:
    await with_phone(front)
    await front.log_in("guanli")
    assert (await front.post(f"/households/{HOME}/reveal", person=str(HOME), reason="好奇")).status == 303
    answer = await front.post(
        f"/households/{HOME}/reveal", person=str(HOME), reason="其他", remark=f"{NAME}来问 {PHONE}"
    )
    assert NAME in await answer.text()
    newest = (await latest(front.ledger, 1))[0]
    assert newest.what == "household.reveal"
    assert not any(one in newest.detail for one in (NAME, PHONE))
    assert (await front.post(f"/households/{HOME}/reveal", person="1001", reason="核实身份")).status == 404
    await front.log_in("cunguan")
    assert (await front.post(f"/households/{HOME}/reveal", person=str(HOME), reason="核实身份")).status == 403


async def test_corrections_want_a_reason_and_stand_in_the_story(front: Front) -> None:
    await with_phone(front)
    await front.log_in("cunguan")
    at = f"/households/{HOME}"
    await front.post(f"{at}/name", person=str(HOME), value="样例新", why=" ")
    assert "请写明原因" in told(await front.page(at))
    await front.post(f"{at}/name", person=str(HOME), value="样例新", why=f"证件上是样例新，原写{NAME}")
    await front.post(f"{at}/attributes", farmland_mu="12.5", n_sheep="30", why="入户核实")
    await front.post(f"{at}/attributes", farmland_mu="很多", why="入户核实")
    assert "不是合理的数字" in told(await front.page(at))
    await front.post(f"{at}/place", village=ground.VILLAGE_2, group="3", why="搬家")
    assert "管辖地区内" in told(await front.page(at))
    page = await front.page(at)
    for words in (
        "姓名：样* → 样*" if NAME.startswith("样") else f"姓名：{NAME[0]}* → 样*",
        "耕地亩：0",
        "羊只数：0 → 30",
    ):
        assert words in page, words
    assert NAME not in page


async def test_a_moved_household_takes_what_waits_along_and_the_counts_stay_in_step(front: Front) -> None:
    await front.log_in("baiyang")
    await front.post(f"/households/{HOME}/place", village=ground.VILLAGE_2, group="三组", why="搬家")
    async with front.ledger.reading() as c:
        row = (await c.execute(text(f"SELECT region_code FROM visit WHERE id = {HOME}"))).scalar_one()
    assert row == ground.VILLAGE_2
    page = await front.page(f"/campaigns/1?region={ground.VILLAGE_2}")
    assert "账目不平" not in page
    await front.log_in("cunguan")
    await front.page(f"/households/{HOME}", 404)


async def test_two_households_become_one_and_two_again(front: Front) -> None:
    await front.log_in("baiyang")
    both = await front.page(f"/households/1001/merge?other={HOME}")
    assert "并入" in both
    await front.post("/households/1001/merge", other="1017", why="重复登记")
    assert "没有编号为 1017 的户" in told(await front.page("/households/1001"))
    await front.post("/households/1001/merge", other=str(HOME), why="重复登记")
    page = await front.page("/households/1001")
    assert "已把编号" in told(page)
    merge_id = re.findall(r'name="merge" value="(\d+)"', page)[0]
    assert "已并入别户" in await front.page(f"/households/{HOME}")
    await front.post("/households/1001/unmerge", merge=merge_id, why="合错了")
    assert "恢复在册" in told(await front.page("/households/1001"))


async def test_a_household_departs_comes_back_and_is_erased(front: Front) -> None:
    await with_phone(front)
    await front.log_in("guanli")
    at = f"/households/{HOME}"
    for deed, words in (
        ("erase", "不能这样操作|只能删除"),
        ("depart", "已登记迁出"),
        ("back", "已恢复"),
        ("depart", "已登记"),
    ):
        await front.post(f"{at}/{deed}", why="农户要求")
        assert re.search(words, told(await front.page(at))), deed
    await front.post(f"{at}/erase", why="农户要求")
    assert "资料已删除" in await front.page(at)
    assert "没有找到" in await (await front.post("/households/search", words=PHONE, village="")).text()
