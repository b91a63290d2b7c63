"""A channel with everything it touches, over a scripted server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from notifier.channels.wechat.channel import Wechat
from notifier.domain import settings
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted, Outcome
from notifier.wire import Wire
from tests.channels.doubles import FrozenClock, MemoryTokens
from tests.channels.scripted_server import ScriptedServer, Step, a_scripted_server, json_step

STABLE_TOKEN = "/cgi-bin/stable_token"
KEY = "wechat:wx0123456789abcdef"
MSGID = 3557254367693750277
OK = json_step({"errcode": 0, "errmsg": "ok", "msgid": MSGID})
ACCEPTED = Accepted(str(MSGID))


def a_token(name: str, expires_in: int = 7200) -> Step:
    return json_step({"access_token": name, "expires_in": expires_in})


def failed(errcode: int) -> Step:
    return json_step({"errcode": errcode, "errmsg": "what it was rid: 6385c6c1-0fcadca1-22c1fc91"})


def a_section(api_base: str, **changes: Any) -> settings.Wechat:
    dummy = SecretStr("dummy")
    given = {"enabled": True, "appid": "wx0123456789abcdef", "secret": dummy, "token": dummy}
    return settings.Wechat(api_base=api_base, **(given | changes))


class Door:
    """A channel with everything it touches."""

    def __init__(self, server: ScriptedServer, wire: Wire) -> None:
        self.server = server
        self.clock = FrozenClock()
        self.store = MemoryTokens()
        self.wire = wire
        self.channel = self.another_process()

    def another_process(self) -> Wechat:
        return Wechat(a_section(self.server.base), self.wire, self.store, self.clock)

    async def send(self, out_id: str = "n42-0", **changes: Any) -> Outcome:
        [outcome] = await self.channel.send([a_wechat_letter(**changes)], out_id)
        return outcome


def a_wechat_letter(**changes: Any) -> Letter:
    given: dict[str, Any] = {"address": "oSAMPLE", "parameters": {"thing1": "样例补贴", "amount2": "297.50元"}}
    return Letter(message_id=42, template="TM00015", **(given | changes))


@asynccontextmanager
async def a_door(*steps: Step, token: Step | None = None) -> AsyncIterator[Door]:
    async with a_scripted_server(*steps) as server, Wire(settings.Wire(), timedelta(seconds=2)) as wire:
        server.side[STABLE_TOKEN] = token or a_token("first")
        yield Door(server, wire)
