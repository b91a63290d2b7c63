"""A front desk over a real ledger, with people's deeds recorded instead of done, and a client that can log in."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from notifier.accounts.desk import add_user
from notifier.accounts.roles import Role, User
from notifier.campaigns.filing import FilingDesk
from notifier.domain.contracts import Push
from notifier.domain.direct import Direct
from notifier.domain.errors import InputError
from notifier.domain.filing import LEVELS
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import Accepted, NoAnswer, Outcome, Reason, Settlement, Unsure
from notifier.domain.settings import Web
from notifier.inquiries.answering import Given
from notifier.sources.headers import load_aliases
from notifier.sources.payment_definitions import PushDefinition
from notifier.store.ledger import Ledger
from notifier.store.receipts import store_push
from notifier.store.visits import Report
from notifier.watch.pushing import PaymentPushDesk
from notifier.web.application import build_web
from notifier.web.desk import DESK, FrontDesk
from tests.campaigns.drafting import a_draft_desk
from tests.report import ground

SECRET = "callback-secret-of-this-test"
PUSH_SECRET = "a-secret-that-two-systems-know-0001"
PUSHER = PushDefinition(kind="push", name="xitong", title="样例业务系统", secret_env="NOTIFIER_PUSH_XITONG")
PUSHERS = {PUSHER.name: PUSHER}
ALIASES = load_aliases(Path("config/headers.toml"), "payments")
PASSWORD = "一共五个词 wheat river"


@dataclass
class FrozenClock:
    at: datetime = ground.NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class RecordedDeeds:
    """All three desks: remembers what it was asked; `refusal` makes it refuse."""

    done: list[tuple[object, ...]] = field(default_factory=list)
    refusal: str | None = None

    def _do(self, *what: object) -> None:
        if self.refusal:
            raise InputError(self.refusal)
        self.done.append(what)

    async def review(self, campaign_id: int, reviewer: str, *, approves: bool, remark: str | None = None) -> None:
        self._do("review", campaign_id, reviewer, approves, remark)

    async def launch(self, campaign_id: int, who: str) -> None:
        self._do("launch", campaign_id, who)

    async def pause(self, campaign_id: int, who: str) -> None:
        self._do("pause", campaign_id, who)

    async def resume(self, campaign_id: int, who: str) -> None:
        self._do("resume", campaign_id, who)

    async def cancel(self, campaign_id: int, who: str) -> None:
        self._do("cancel", campaign_id, who)

    async def permit_any_hour(self, campaign_id: int, who: str, why: str) -> None:
        self._do("any_hour", campaign_id, who, why)

    async def retry(self, campaign_id: int, who: str, reason: Reason, why: str) -> int:
        self._do("retry", campaign_id, who, reason, why)
        return 7

    async def audience(self, campaign_id: int) -> int:
        return 1234

    async def sign(self, visit_ids: Sequence[int], report: Report) -> bool:
        self._do("sign", *visit_ids, report.who, report.how, report.remark)
        return True

    async def ask_excuse(self, visit_id: int, excuse: Reason, report: Report) -> bool:
        self._do("excuse", visit_id, report.who, excuse)
        return True

    async def note_absence(self, visit_id: int, found: Reason, report: Report) -> bool:
        self._do("absent", visit_id, report.who, found)
        return True

    async def confirm_excuse(self, visit_id: int, by: str) -> None:
        self._do("confirm", visit_id, by)

    async def decline_excuse(self, visit_id: int, by: str) -> None:
        self._do("decline", visit_id, by)

    async def correct_number(self, household_id: int, person_id: int, written: str, by: str) -> None:
        self._do("phone", household_id, person_id, written, by)

    async def add(self, given: Given, by: str) -> int | None:
        self._do("add", given.channel, by)
        return 1

    async def assign(self, inquiry_id: int, by: str, region_code: str) -> None:
        self._do("assign", inquiry_id, by, region_code)

    async def number_of(self, inquiry_id: int, by: str) -> str | None:
        self._do("number", inquiry_id, by)
        return None

    async def answer(self, inquiry_id: int, by: str, words: str, once: str | None = None) -> str:
        self._do("answer", inquiry_id, by, words)
        return "pending"

    async def close(self, inquiry_id: int, by: str, remark: str = "") -> None:
        self._do("close", inquiry_id, by, remark)

    async def reopen(self, inquiry_id: int, by: str, remark: str = "") -> None:
        self._do("reopen", inquiry_id, by, remark)


@dataclass
class ScriptedGateway:
    """A channel that only answers pushes; a body that starts with "forged" is not the provider's."""

    name: str
    medium: Medium
    batch_size: int = 1
    one_text_a_call: bool = False

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        return [Unsure("not scripted") for _ in letters]

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        return NoAnswer("not scripted")

    def read_push(self, push: Push) -> Sequence[Inbound]:
        if push.body.startswith(b"forged"):
            raise InputError("签名不对")
        return []

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        return 200, "application/json", '{"code": 0, "msg": "成功"}'


class SigningGateway(ScriptedGateway):
    """Its pushes are signed, and known again by their body."""

    def recognised(self, push: Push) -> Push:
        self.read_push(push)
        return replace(push, key=push.body.hex(), once=push.query.get("signature"))


class ConnectedGateway(ScriptedGateway):
    """Its pushes come over a connection."""

    async def run(self, take: Callable[[Push], Awaitable[object]]) -> None:
        raise AssertionError("the front desk keeps no connection up")


def _echo(query: Mapping[str, str]) -> str | None:
    return query.get("echostr") if query.get("signature") == "right" else None


@dataclass
class RecordedTexts:
    """The door for one text: remembers what was sent; every one is accepted until `outcome` says otherwise."""

    sent: list[Direct] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Accepted("ref"))

    async def __call__(self, direct: Direct) -> Outcome:
        self.sent.append(direct)
        return self.outcome


@dataclass
class Front:
    """The running front desk and what it was built from."""

    client: TestClient[web.Request, web.Application]
    ledger: Ledger
    deeds: RecordedDeeds
    clock: FrozenClock
    schema: list[bool | Exception]
    texts: RecordedTexts

    async def log_in(self, name: str, password: str = PASSWORD) -> ClientResponse:
        self.client.session.cookie_jar.clear()
        token = csrf_in(await (await self.client.get("/login")).text())
        form = {"name": name, "password": password, "_csrf": token}
        return await self.client.post("/login", data=form, allow_redirects=False)

    def settle(self, **changed: Any) -> None:
        """The desk with other settings from now on."""
        app = self.client.app
        app._state[DESK] = replace(app[DESK], **changed)  # an app that runs takes nothing new by itself

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path, allow_redirects=False)
        text = await answer.text()
        assert answer.status == status, f"{path}: {answer.status}"
        return text

    async def post(self, path: str, **form: str) -> ClientResponse:
        """With the token of the session, as a form on a page has it."""
        token = csrf_in(await self.page("/"))
        return await self.client.post(path, data={"_csrf": token, **form}, allow_redirects=False)


def csrf_in(page: str) -> str:
    found = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


PEOPLE = (
    User("guanli", Role.ADMINISTRATOR, ground.COUNTY),
    User("shenhe", Role.REVIEWER, ground.COUNTY),
    User("lingdao", Role.OFFICIAL, ground.COUNTY),
    User("shenji", Role.AUDITOR, ground.COUNTY),
    User("yunwei", Role.OPERATOR, ground.COUNTY),
    User("baiyang", Role.ADMINISTRATOR, ground.BAIYANG),
    User("wangwa", Role.OFFICIAL, ground.WANGWA),
    User("cunguan", Role.OFFICER, ground.VILLAGE_1),
)


GATEWAYS = (
    ScriptedGateway("aliyun_sms", Medium.SMS),
    ConnectedGateway("cmpp", Medium.SMS),
    SigningGateway("wechat", Medium.WECHAT),
)


async def a_front(ledger: Ledger, **desks: Any) -> Front:
    """Over the county of `tests.report.ground` with one user of each role; close its client afterwards.

    `desks`: fields of the front desk that are not recorded but real.
    """
    await ground.lay_county(ledger)
    for user in PEOPLE:
        await add_user(ledger, user, PASSWORD, ground.NOW)
    deeds, clock, texts = RecordedDeeds(), FrozenClock(), RecordedTexts()
    schema: list[bool | Exception] = [True]

    async def receive(push: Push) -> bool:
        return await store_push(ledger, push)

    async def schema_is_current() -> bool:
        if isinstance(schema[0], Exception):
            raise schema[0]
        return schema[0]

    desk = FrontDesk(
        ledger=ledger,
        channels={one.name: one for one in GATEWAYS},
        settings=Web(callback_secret=SecretStr(SECRET)),
        clock=clock,
        campaigns=deeds,
        drafts=a_draft_desk(ledger, clock, texts),
        visits=deeds,
        inquiries=deeds,
        filings=FilingDesk(ledger, clock, LEVELS),
        payments=PaymentPushDesk(ledger, clock, PUSHERS, ALIASES, LEVELS[-1], {PUSHER.secret_env: PUSH_SECRET}),
        receive_push=receive,
        verify_wechat_url=_echo,
        schema_is_current=schema_is_current,
        callback_secret=SECRET,
        send_now=texts,
    )
    client = TestClient(TestServer(build_web(replace(desk, **desks))))
    await client.start_server()
    return Front(client, ledger, deeds, clock, schema, texts)
