"""Pushes as WeChat writes them, signed with the test's own code."""

import hashlib
from datetime import timedelta
from pathlib import Path

from notifier.channels.codes import read_codes
from notifier.channels.wechat import pushes
from notifier.channels.wechat.pushes import Keys
from notifier.domain.contracts import Push
from notifier.domain.messages import Inbound
from tests.channels.doubles import MORNING

CODES = read_codes(Path(pushes.__file__).with_name("codes.csv"), None)
APPID, TOKEN, AES_KEY = "wx0123456789abcdef", "testToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE"
PLAIN = Keys(APPID, TOKEN, "", timedelta(minutes=10))
SEALED = Keys(APPID, TOKEN, AES_KEY, timedelta(minutes=10))
NOW_S = int(MORNING.timestamp())


def digest(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def a_query(at_s: int = NOW_S, **more: str) -> dict[str, str]:
    stamp, nonce = str(at_s), "1372623149"
    return {"timestamp": stamp, "nonce": nonce, "signature": digest(TOKEN, stamp, nonce), **more}


def an_event(event: str, **fields: object) -> bytes:
    return a_message("event", Event=event, **fields)


def a_message(kind: str, **fields: object) -> bytes:
    whole = {"ToUserName": "gh_test", "FromUserName": "oSAMPLE", "CreateTime": NOW_S - 5, "MsgType": kind} | fields
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in whole.items() if value is not None)
    return f"<xml>{inner}</xml>".encode()


def pushed(body: bytes, keys: Keys = PLAIN, query: dict[str, str] | None = None) -> Inbound:
    read = pushes.read_push(Push("wechat", query or a_query(), body, MORNING), keys, CODES)
    assert len(read) == 1
    return read[0]


AT = MORNING - timedelta(seconds=5)
"""The time that a push's own fields name."""


def all_pushed(body: bytes) -> list[Inbound]:
    return pushes.read_push(Push("wechat", a_query(), body, MORNING), PLAIN, CODES)


def a_list_event(event: str, wrapper: str, *entries: dict[str, str]) -> bytes:
    def inside(entry: dict[str, str]) -> str:
        return "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in entry.items())

    inner = "".join(f"<List>{inside(entry)}</List>" for entry in entries)
    return an_event(event).replace(b"</xml>", f"<{wrapper}>{inner}</{wrapper}></xml>".encode())


def popup(template: str, word: str) -> dict[str, str]:
    return {"TemplateId": template, "SubscribeStatusString": word, "PopupScene": "1"}


def sent(number: str = "1864323726461255680", code: str = "0", status: str = "success") -> dict[str, str]:
    return {"TemplateId": "TS1", "MsgID": number, "ErrorCode": code, "ErrorStatus": status}
