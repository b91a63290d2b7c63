"""What the register's pages read and do, on both databases: found, told, corrected, moved, left, erased, uploaded."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.domain.identity import Phone
from notifier.sandbox.county.numbers import phone_number
from notifier.store import departing, erasing, uploads
from notifier.store.household_story import merges_of, read_home, reveal, story_of
from notifier.store.ledger import Ledger
from notifier.store.policies import list_policies, policy_of
from notifier.store.registry_changes import Said, history_of
from notifier.store.registry_contacts import Binding, NewPhone, bind_followers, correct_phone
from notifier.store.registry_correcting import Place, drop_phone, move, relate, rename, set_attributes
from notifier.store.registry_overview import carriers_of, children_of, count_followers, list_followers, list_shared
from notifier.store.registry_search import asked, browse, from_token, search, search_part
from notifier.store.tally import check
from tests.registry.rosters import FrozenClock, a_ledger, a_row, an_id, hand_in, one, write_book

COUNTY, VILLAGE, OTHER = "640425000000", "640425100201", "640425100202"
NOW = FrozenClock().now()
SAID = Said("guanli", "核实", NOW)
_OWED = (
    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, composed_step, state_at) "
    "VALUES (1, 1, 1, :village, 'w', 'pending', 0, 0)",
    "INSERT INTO tally (campaign_id, region_code, subject, medium, state, detail, on_day, n) "
    "VALUES (1, :village, 'owed', '', 'pending', '', 0, 1)",
    "INSERT INTO benefit (id, kind, version, source, title, found_at, body, audit, n_lines, n_rejected, published_on) "
    "VALUES (1, 'policy', 1, 's', '政策', 0, '正文', 'none', 0, 0, '2026-11-20')",
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, evidence, confidence, summary, "
    "ladder, state, reviews_needed, created_by, created_at, region_code) VALUES (1, 1, 1, 'tell', 'policy', '政策', "
    "'[]', 90, '', '短信必达', 'draft', 1, 'system', 0, '640425000000')",
)


async def lay(ledger: Ledger, folder: Path) -> None:
    same = {"户联系电话": phone_number(7)}
    await hand_in(ledger, write_book(folder / "a.xlsx", [a_row(1), a_row(2, **same), a_row(3, **same)]))
    async with ledger.writing() as c:
        for statement in _OWED:
            await c.execute(text(statement), {"village": VILLAGE} if ":village" in statement else {})


async def test_everything_of_the_register_is_read_and_done(ledger_url: str, tmp_path: Path) -> None:
    async with a_ledger(ledger_url) as ledger:
        await lay(ledger, tmp_path)
        await _read(ledger)
        await _correct(ledger)
        await _leave(ledger)
        assert await check(ledger) == []
        await _upload(ledger)


async def _read(ledger: Ledger) -> None:
    for words in ("王样1", an_id(1, "19500308"), phone_number(1), "H00001"):
        found = [one for what in asked(ledger, words) for one in await search(ledger, what, VILLAGE)]
        assert {one.household_id for one in found} == {1}, words
        assert [one for what in asked(ledger, words) for one in await search(ledger, what, OTHER)] == []
    with pytest.raises(InputError, match="校验位"):
        asked(ledger, an_id(1)[:-1] + ("1" if an_id(1)[-1] != "1" else "2"))
    [what] = asked(ledger, phone_number(7))
    assert len(await search(ledger, from_token(what.token), COUNTY)) == 2
    assert [one.household_id for one in await search_part(ledger, "样", VILLAGE)] == [1, 2, 3]
    assert [one.household_id for one in await browse(ledger, COUNTY, (VILLAGE, 1))] == [2, 3]
    await bind_followers(ledger, [Binding(an_id(1, "19500308"), "oSample000000000000000000077")])
    [bound] = await list_followers(ledger, VILLAGE)
    assert await list_followers(ledger, COUNTY, (1, bound.contact_id)) == []
    assert (await count_followers(ledger, COUNTY))["usable"] == 1
    [shared] = await list_shared(ledger, COUNTY)
    carried = await carriers_of(ledger, shared.contact_id, COUNTY)
    assert carried is not None
    assert (shared.n_households, [one.household_id for one in carried.carriers]) == (2, [2, 3])
    assert await carriers_of(ledger, shared.contact_id, OTHER) is None
    inside = {one.code: (one.n_households, one.n_phone, one.n_wechat) for one in await children_of(ledger, COUNTY)}
    assert inside["640425100000"] == (3, 3, 1)
    assert [one.kind for one in await story_of(ledger, 1)] == ["owed"]
    assert [one.title for one in await list_policies(ledger, VILLAGE, waiting=True)] == ["政策"]
    paper = await policy_of(ledger, 1)
    assert paper is not None
    assert str(paper.published_on) == "2026-11-20"


async def _correct(ledger: Ledger) -> None:
    await rename(ledger, 1, "王样新", SAID)
    await rename(ledger, 1, "王样新", SAID)
    assert (await reveal(ledger, "person", 1))["name"] == "王样新"
    with pytest.raises(InputError, match="户主"):
        await relate(ledger, 1, "子", SAID)
    assert await set_attributes(ledger, 1, {"farmland_mu": Decimal("7.25"), "n_sheep": Decimal(0)}, SAID) == 1
    await move(ledger, 1, Place(OTHER, "3组"), SAID)
    assert await one(ledger, "SELECT region_code FROM owed") == OTHER
    await correct_phone(ledger, NewPhone(1, Phone("19988887777"), "guanli"), 3, NOW)
    contact = await one(ledger, "SELECT id FROM contact WHERE household_id = 1 AND kind = 'phone' AND state = 'usable'")
    await drop_phone(ledger, contact, 3, SAID)
    with pytest.raises(InputError, match="在用"):
        await drop_phone(ledger, contact, 3, SAID)
    done = [change.what for change in await history_of(ledger, 1)]
    assert done == ["phone", "phone", "group", "region", "farmland_mu", "name"]
    home = await read_home(ledger, 1)
    assert home is not None
    assert (home.attributes["farmland_mu"], home.members[0].name, await merges_of(ledger, 1)) == (
        Decimal("7.25"),
        "王*",
        [],
    )


async def _leave(ledger: Ledger) -> None:
    openid = await one(ledger, "SELECT id FROM contact WHERE kind = 'openid'")
    assert (await departing.forget_follower(ledger, openid, SAID)).n_contacts == 1
    await departing.depart(ledger, 1, SAID)
    await departing.depart(ledger, 2, SAID)
    await departing.come_back(ledger, 2, SAID)
    assert await departing.purge_departed(ledger, NOW + timedelta(days=30), 30) == 0
    assert await departing.purge_departed(ledger, NOW + timedelta(days=31), 30) == 1
    assert await reveal(ledger, "person", 1) == {"name": erasing.ERASED}
    assert [one for what in asked(ledger, "王样新") for one in await search(ledger, what, COUNTY)] == []
    assert all(change.before is None and change.after is None for change in await history_of(ledger, 1))


async def _upload(ledger: Ledger) -> None:
    upload_id = await uploads.next_upload_id(ledger)
    sealed = uploads.seal_upload(ledger, upload_id, b"file")
    new = uploads.Received("households", "a.xlsx", "guanli", COUNTY, b"file")
    await uploads.keep_upload(ledger, new, (upload_id, sealed), NOW)
    assert uploads.unseal_upload(ledger, upload_id, await uploads.open_upload(ledger, upload_id)) == b"file"
    await uploads.beat(ledger, upload_id, 5, NOW)
    await uploads.end(ledger, upload_id, "guanli", uploads.Ended("shown", {"n_rows": 5}), NOW)
    assert await uploads.turn(ledger, upload_id, ("shown", "saving"), NOW)
    assert not await uploads.turn(ledger, upload_id, ("shown", "saving"), NOW)
    assert await uploads.find_upload(ledger, upload_id, "somebody") is None
    [found] = await uploads.list_uploads(ledger, "guanli")
    assert found.is_asleep(NOW + timedelta(minutes=2))
    assert await uploads.purge_uploads(ledger, NOW + timedelta(days=4), 3) == 1
    with pytest.raises(InputError, match="重新上传"):
        await uploads.open_upload(ledger, upload_id)
