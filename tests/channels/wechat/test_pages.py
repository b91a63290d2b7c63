"""The account's menu and the rights of pages, against the stand-in; wechatpy's own signature is the oracle."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from wechatpy.client.api import WeChatJSAPI

from notifier.channels.wechat import Wechat, official_account
from notifier.channels.wechat.jssdk import Ticket, signed
from notifier.channels.wechat.menu import menu_fields
from notifier.domain.errors import InputError, ProviderNonsense
from tests.channels.doubles import MORNING
from tests.channels.scripted_server import json_step
from tests.channels.wechat.door import a_door, failed
from tests.day.county import SmallCounty, small_county


@pytest.fixture
async def county(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(sqlite_ledger_url, tmp_path) as opened:
        yield opened


def account_of(county: SmallCounty) -> Wechat:
    found = official_account(county.channels)
    assert found is not None
    return found


async def test_the_menu_leads_to_people_s_own_pages(county: SmallCounty) -> None:
    await account_of(county).publish_menu(menu_fields("https://hui.example.test/"))
    async with ClientSession() as session, session.get(county.gateways.make_url("/sandbox/menu")) as answer:
        buttons = (await answer.json())["button"]
    assert [one.get("url") for one in buttons] == [
        "https://hui.example.test/wechat/mine",
        "https://hui.example.test/wechat/bind",
        None,
    ]
    with pytest.raises(ProviderNonsense, match="40018"):
        await account_of(county).publish_menu({"button": [{"type": "view", "name": "长" * 9, "url": "https://x"}]})
    with pytest.raises(InputError, match="public_url"):
        menu_fields("hui.example.test")


async def test_a_page_is_signed_as_wechatpy_signs_it() -> None:
    rights = signed(Ticket("T1", MORNING), "wx1", "https://hui.example.test/wechat/mine#x", MORNING)
    theirs = WeChatJSAPI.get_jsapi_signature(
        None, rights.nonce, "T1", rights.timestamp, "https://hui.example.test/wechat/mine"
    )
    assert (rights.signature, rights.appid) == (theirs, "wx1")


async def test_the_ticket_is_asked_for_once_and_a_page_goes_without_when_there_is_none() -> None:
    made = json_step({"errcode": 0, "errmsg": "ok", "ticket": "T1", "expires_in": 7200})
    async with a_door(made, failed(45009)) as door:
        for _ in range(2):
            assert (await door.channel.page_rights("https://hui.example.test/")).appid == "wx0123456789abcdef"
        assert [asked.query["type"] for asked in door.server.asked] == ["jsapi"]
    async with a_door(failed(45009)) as door:
        with pytest.raises(ProviderNonsense, match="票据"):
            await door.channel.page_rights("https://hui.example.test/")
