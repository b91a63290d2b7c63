"""The account's message server as WeChat meets it: signed, repeated, replayed, hostile, and with a slow ledger."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import text

from notifier.campaigns.filing import FilingDesk
from notifier.channels.wechat import Wechat
from notifier.domain import settings
from notifier.domain.filing import LEVELS
from notifier.sandbox.settings import PushMode, WeChatSettings
from notifier.sandbox.wechat.envelope import Sealer
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.receipts import store_push
from notifier.store.sealing import Vault, load_keys
from notifier.track import step as track_room
from notifier.track.step import TrackDesk
from notifier.watch.pushing import PaymentPushDesk
from notifier.web.application import build_web
from notifier.web.desk import FrontDesk
from notifier.wire import Wire
from tests.campaigns.drafting import a_draft_desk
from tests.channels.doubles import FrozenClock, MemoryTokens
from tests.day.county import openid
from tests.web.front import ALIASES, SECRET, RecordedDeeds, RecordedTexts

ME = openid(1)
ADDRESS = f"/callbacks/wechat/{SECRET}"
WECHATS_PATIENCE = timedelta(seconds=5)


class Account:
    """A stranger's-eye view of the message server, and the pushes that WeChat would make."""

    def __init__(self, ledger: Ledger, mode: PushMode) -> None:
        self.ledger = ledger
        self.mode = mode
        self.clock = FrozenClock()
        self.sandbox = WeChatSettings()
        self.sealer = Sealer(self.sandbox, lambda: self.clock.now().timestamp())
        self.channel = self._channel()
        self.tracking = TrackDesk(ledger, self.clock, {"wechat": self.channel}, settings.Track())
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_web(self._desk())))

    def _channel(self) -> Wechat:
        aes_key = "" if self.mode is PushMode.PLAIN else self.sandbox.encoding_aes_key
        section = settings.Wechat(
            appid=self.sandbox.appid, token=SecretStr(self.sandbox.token), aes_key=SecretStr(aes_key)
        )
        return Wechat(section, Wire(settings.Wire()), MemoryTokens(), self.clock)

    def _desk(self) -> FrontDesk:
        async def is_current() -> bool:
            return True

        deeds = RecordedDeeds()
        return FrontDesk(
            ledger=self.ledger,
            channels={"wechat": self.channel},
            settings=settings.Web(callback_secret=SecretStr(SECRET)),
            clock=self.clock,
            campaigns=deeds,
            drafts=a_draft_desk(self.ledger, self.clock, RecordedTexts()),
            visits=deeds,
            inquiries=deeds,
            filings=FilingDesk(self.ledger, self.clock, LEVELS),
            payments=PaymentPushDesk(self.ledger, self.clock, {}, ALIASES, LEVELS[-1], {}),
            receive_push=lambda push: store_push(self.ledger, push),
            verify_wechat_url=self.channel.verify_url,
            schema_is_current=is_current,
            callback_secret=SECRET,
        )

    def message(self, **fields: str | int) -> dict[str, str | int]:
        at = int(self.clock.now().timestamp())
        return {"ToUserName": "gh_1", "FromUserName": ME, "CreateTime": at, "MsgType": "event", **fields}

    async def push(self, fields: dict[str, str | int], body: bytes | None = None, **query: str) -> ClientResponse:
        """As WeChat does it: signed and sealed anew each time; `body` and `query` are a stranger's changes."""
        sealed = self.sealer.seal("", fields, self.mode)
        return await self.client.post(ADDRESS, params=dict(sealed.params) | query, data=body or sealed.body)

    async def count(self, table: str) -> int:
        async with self.ledger.reading() as c:
            return int((await c.execute(text(f"SELECT COUNT(*) FROM {table}"))).scalar_one())


@pytest.fixture(params=list(PushMode))
async def account(request: pytest.FixtureRequest, sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Account]:
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    opened = Account(ledger, request.param)
    await opened.client.start_server()
    yield opened
    await opened.client.close()
    await ledger.close()


async def test_a_push_is_answered_before_any_work_is_done_and_worked_off_later(account: Account) -> None:
    answer = await account.push(account.message(Event="subscribe", EventKey="qrscene_village_1", Ticket="T"))
    assert (answer.status, await answer.text(), answer.content_type) == (200, "success", "text/plain")
    assert (await account.count("push_due"), await account.count("follower")) == (1, 0)
    await track_room.step(account.tracking)
    assert (await account.count("push_due"), await account.count("follower")) == (0, 1)


async def test_a_message_or_event_that_is_pushed_three_times_is_stored_once(account: Account) -> None:
    said = account.message(MsgType="text", Content="补贴怎么少了？", MsgId=23456)
    event = account.message(Event="TEMPLATESENDJOBFINISH", MsgID=7, Status="success")
    for one in (said, event) * 3:
        account.clock.advance(timedelta(seconds=5))
        assert await (await account.push(one)).text() == "success"
    assert await account.count("push") == 2
    await account.push(event | {"MsgID": 8})
    await account.push(said | {"MsgId": 23457})
    assert await account.count("push") == 4


async def test_who_saw_a_signature_cannot_use_it_again_for_words_of_their_own(account: Account) -> None:
    seen = account.sealer.seal("", account.message(MsgType="text", Content="退订", MsgId=1), account.mode)
    forged = account.sealer.seal("", account.message(MsgType="text", Content="恢复", MsgId=2), PushMode.PLAIN)
    first = await account.client.post(ADDRESS, params=dict(seen.params), data=seen.body)
    again = await account.client.post(ADDRESS, params=dict(seen.params), data=forged.body)
    exact = await account.client.post(ADDRESS, params=dict(seen.params), data=seen.body)
    assert (first.status, exact.status) == (200, 200)
    assert again.status == (200 if account.mode is PushMode.PLAIN else 400), "a seal is not to be had for seeing it"
    assert await account.count("push") == 1
    account.clock.advance(timedelta(minutes=11))
    late = await account.client.post(ADDRESS, params=dict(seen.params), data=seen.body)
    assert late.status == 400, "too old even to be a repeat"


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><MsgType>&f;</MsgType></xml>'


@pytest.mark.parametrize(
    "body", [BOMB, OUTSIDE, b"\xff\xfe", b"<xml>", b"<xml/>", b"{}", b"<xml>" + b"<a>" * 9000, b"\x00"]
)
async def test_hostile_xml_is_400_and_nothing_else(account: Account, body: bytes) -> None:
    answer = await account.push(account.message(Event="subscribe"), body)
    assert (answer.status, await answer.text()) == (400, "")
    assert await account.count("push") == 0


@pytest.mark.parametrize("mode", list(PushMode))
async def test_an_account_takes_pushes_of_its_own_mode_only(account: Account, mode: PushMode) -> None:
    account.sealer, own = Sealer(account.sandbox, lambda: account.clock.now().timestamp()), account.mode
    account.mode = mode
    answer = await account.push(account.message(Event="subscribe"))
    fits = (own is PushMode.PLAIN) == (mode is PushMode.PLAIN)
    assert answer.status == (200 if fits else 400)


async def test_an_encrypted_push_for_another_account_is_refused(account: Account) -> None:
    other = replace_appid(account.sandbox)
    account.sealer = Sealer(other, lambda: account.clock.now().timestamp())
    answer = await account.push(account.message(Event="subscribe"))
    assert answer.status == (200 if account.mode is PushMode.PLAIN else 400), "only a seal names its account"


def replace_appid(known: WeChatSettings) -> WeChatSettings:
    return known.model_copy(update={"appid": "wxffffffffffffffff"})


async def test_a_slow_ledger_is_waited_for_within_wechats_patience_and_its_repeats_are_one_push(
    account: Account,
) -> None:
    """The writer is held for a while by somebody else; meanwhile WeChat pushes the same thing three times."""
    said = account.message(MsgType="text", Content="问", MsgId=9)
    began = asyncio.get_running_loop().time()
    async with account.ledger.writing():
        pushing = [asyncio.create_task(account.push(said)) for _ in range(3)]
        done, _ = await asyncio.wait(pushing, timeout=0.3)
        assert not done, "nothing is answered before it is durable"
    answers = await asyncio.gather(*pushing)
    assert {answer.status for answer in answers} == {200}
    assert asyncio.get_running_loop().time() - began < WECHATS_PATIENCE.total_seconds()
    assert await account.count("push") == 1


async def test_a_push_that_wechat_gave_up_waiting_for_is_stored_all_the_same_and_its_repeat_answered(
    account: Account,
) -> None:
    said = account.message(MsgType="text", Content="问", MsgId=9)
    async with account.ledger.writing():
        pushing = asyncio.create_task(account.push(said))
        await asyncio.wait([pushing], timeout=0.1)
        pushing.cancel()
        await asyncio.wait([pushing])
    assert (await account.push(said)).status == 200
    assert await account.count("push") == 1


async def test_the_handshake_is_plain_in_every_mode_and_echoes_only_what_is_signed(account: Account) -> None:
    at, nonce = str(int(account.clock.now().timestamp())), "42"
    signature = hashlib.sha1("".join(sorted([account.sandbox.token, at, nonce])).encode()).hexdigest()
    asked = {"signature": signature, "timestamp": at, "nonce": nonce, "echostr": "4711<x>"}
    answer = await account.client.get(ADDRESS, params=asked)
    assert (answer.status, await answer.text(), answer.content_type) == (200, "4711<x>", "text/plain")
    assert (await account.client.get(ADDRESS, params=asked | {"nonce": "43"})).status == 400
    account.clock.advance(timedelta(minutes=11))
    assert (await account.client.get(ADDRESS, params=asked)).status == 400
