"""People and the account, end to end: they write and are answered, scan a village's code, open our page."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession

from notifier.channels.wechat import Wechat, official_account
from notifier.domain import settings
from notifier.domain.errors import InputError
from notifier.domain.outcomes import Accepted, Reason, Refused, Scope
from notifier.store.following import LedgerReplyAllowance
from notifier.store.sharing import LedgerTokens
from notifier.wire import Wire
from tests.day.county import SmallCounty, openid, small_county
from tests.day.gateways import channel_settings

ME = openid(1)
CLOSED = Refused("reply:closed", Scope.NUMBER, Reason.LIMITED)


@pytest.fixture
async def county(ledger_url: str, tmp_path: Path) -> AsyncIterator[SmallCounty]:
    async with small_county(ledger_url, tmp_path) as opened:
        yield opened


def account_of(county: SmallCounty) -> Wechat:
    found = official_account(county.channels)
    assert found is not None
    return found


async def test_who_writes_is_answered_five_times_and_who_presses_three_times(county: SmallCounty) -> None:
    replies = account_of(county).replies(LedgerReplyAllowance(county.ledger, county.gateway_clock))
    assert await replies.reply(ME, "您好") == CLOSED
    await county.order("say", openid=ME, content="补贴怎么少了？")
    await county.hear()
    answers = [await replies.reply(ME, f"答复{n}") for n in range(6)]
    assert answers == [Accepted("")] * 5 + [CLOSED]
    await county.order("press", openid=ME)
    await county.hear()
    assert [await replies.reply(ME, f"再答复{n}") for n in range(4)] == [Accepted("")] * 3 + [CLOSED]
    assert [one.text for one in county.received()][:5] == [f"答复{n}" for n in range(5)]
    assert len(county.received()) == 8


async def test_wechats_own_count_has_the_last_word(county: SmallCounty) -> None:
    await county.order("say", openid=ME, content="问")
    await county.hear()
    account = account_of(county)
    for _ in range(5):
        await account.reply(ME, "没有计数的答复")
    replies = account.replies(LedgerReplyAllowance(county.ledger, county.gateway_clock))
    assert await replies.reply(ME, "您好") == Refused("45047", Scope.NUMBER, Reason.LIMITED)
    assert await account.reply(openid(2), "您好") == Refused("45015", Scope.NUMBER, Reason.LIMITED)


async def test_who_scans_a_villages_code_is_known_to_be_from_there(county: SmallCounty) -> None:
    made = await account_of(county).qr("village_640425100201")
    await county.order("scan", openid=ME, ticket=made.ticket)
    await county.order("followers", follow=[openid(2)], scene="village_640425100202")
    await county.hear()
    known = {
        (await county.one("SELECT COUNT(*) FROM follower WHERE scene = :s", s=f"village_64042510020{n}"))
        for n in (1, 2)
    }
    assert known == {1}


async def test_who_opens_our_page_is_recognised_once_and_a_snapshot_never(county: SmallCounty) -> None:
    gateways = str(county.gateways.make_url("")).rstrip("/")
    section = channel_settings(gateways, False).wechat.model_copy(update={"open_base": f"{gateways}/wechat/"})
    async with Wire(settings.Wire()) as wire, ClientSession() as browser:
        account = Wechat(section, wire, LedgerTokens(county.ledger, county.gateway_clock), county.gateway_clock)
        await county.order("visitor", openid=ME)
        code = await sent_back(browser, account.authorize_url("https://hui.example.test/f", "S1"))
        assert await account.openid_of(code) == ME
        with pytest.raises(InputError, match="已经用过"):
            await account.openid_of(code)
        await county.order("visitor", openid=ME, snapshot=True)
        code = await sent_back(browser, account.authorize_url("https://hui.example.test/f", "S2"))
        with pytest.raises(InputError, match="快照页"):
            await account.openid_of(code)


async def sent_back(browser: ClientSession, url: str) -> str:
    async with browser.get(url.partition("#")[0], allow_redirects=False) as answer:
        assert answer.status == 302
        [code] = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
        return code
