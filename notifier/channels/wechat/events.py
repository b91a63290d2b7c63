"""What an opened push tells, element by element. Pure; an event with a list can tell several things."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notifier.channels.codes import Codes
from notifier.channels.repeats import repeat_key
from notifier.domain.messages import Acted, Consented, Damaged, Followed, Heard, Inbound, Receipt

_PLAIN_TEXT = re.compile(r"[ -~]{1,128}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_OF_THE_MENU = ("click", "scancode_push", "scancode_waitmsg")
"""The presses after which customer service may answer; following a link of the menu is not among them."""
_NOT_IN_WORDS = {
    "image": "[图片]",
    "voice": "[语音]",
    "video": "[视频]",
    "shortvideo": "[视频]",
    "location": "[位置]",
    "link": "[链接]",
}
_WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
_BROKEN = (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError)


@dataclass(frozen=True, slots=True)
class Teller:
    """How one account's events are read. `secret` keys what tells repeats apart."""

    gateway: str
    secret: str
    codes: Codes

    def tell(self, message: Any) -> list[Inbound]:
        """The elements of a message that wechatpy parsed, never empty; what is incomplete or not used is Damaged."""
        try:
            found = list(self._elements(message._data))
        except _BROKEN:
            found = []
        return found or [Damaged("a field is missing or is not what it should be")]

    def _elements(self, fields: Mapping[str, Any]) -> Iterator[Inbound]:
        openid, at = plain(fields["FromUserName"]), datetime.fromtimestamp(int(fields["CreateTime"]), UTC)
        kind = fields["MsgType"].lower()
        event = fields["Event"].lower() if kind == "event" else ""
        if event in _WRAPPERS:
            for entry in _entries(fields, _WRAPPERS[event]):
                yield self._of_a_list(event, entry, openid, at)
        elif event == "templatesendjobfinish":
            yield self._finished(fields, openid, at)
        elif event in ("subscribe", "subscribe_scan", "scan"):  # the second is what wechatpy makes of the first
            scene = (fields.get("EventKey") or "").removeprefix("qrscene_")
            yield Followed(openid, True, plain(scene) if scene else None, at)
        elif event == "unsubscribe":
            yield Followed(openid, False, None, at)
        elif event in _OF_THE_MENU:
            yield Acted(openid, at)
        elif kind == "text" or kind in _NOT_IN_WORDS:
            yield self._heard(fields, openid, at)
        else:
            what = event or kind
            yield Damaged(f"not used: {what if _PLAIN_TEXT.fullmatch(what) else 'a kind we do not know'}")

    def _heard(self, fields: Mapping[str, Any], openid: str, at: datetime) -> Heard:
        kind = fields["MsgType"].lower()
        said = fields["Content"] if kind == "text" else fields.get("Recognition") or ""
        whole = f"{_NOT_IN_WORDS.get(kind, '')}{said}".encode("utf-8", "replace").decode()
        own = fields.get("MsgId") or repeat_key(self.secret, openid, str(fields["CreateTime"]), whole)
        return Heard(openid, whole, f"{self.gateway}:{plain(str(own))}", at)

    def _finished(self, fields: Mapping[str, Any], openid: str, at: datetime) -> Receipt:
        """The event carries no client_msg_id, so it is matched by msgid alone."""
        status = ":".join(part.strip() for part in plain(fields["Status"]).split(":"))
        delivered = status == "success"
        reason = None if delivered else self.codes.reason(status)
        return Receipt(self.gateway, None, _number(fields["MsgID"]), openid, delivered, status[:64], reason, at)

    def _of_a_list(self, event: str, entry: Any, openid: str, at: datetime) -> Inbound:
        try:
            template = plain(entry["TemplateId"])
            if event == "subscribe_msg_sent_event":
                return self._sent(template, entry, openid, at)
            accepts = {"accept": True, "reject": False}[entry["SubscribeStatusString"]]
            return Consented(openid, template, accepts, at)
        except _BROKEN:
            return Damaged("an entry of a subscription event is not what it should be")

    def _sent(self, template: str, entry: Any, openid: str, at: datetime) -> Receipt:
        delivered = plain(entry["ErrorCode"]) == "0"
        code = "success" if delivered else f"sent:{plain(entry['ErrorCode'])}"[:64]
        reason = None if delivered else self.codes.reason(code)
        number = _number(entry["MsgID"])
        return Receipt(self.gateway, None, number, openid, delivered, code, reason, at, template=template)


def identity(fields: Mapping[str, Any]) -> str:
    """What all repeats of a message have alike, and no other message has.

    Its MsgId; for an event, which has none, sender, time, event and whatever else it says, since two receipts for one
    person can come in the same second.
    """
    if fields.get("MsgId"):
        return f"{fields.get('FromUserName')}|{fields['MsgId']}"
    told = {name: value for name, value in fields.items() if name != "Encrypt"}
    return repr([told.pop(name, None) for name in ("FromUserName", "CreateTime", "Event")] + sorted(told.items()))


def plain(value: object) -> str:
    """The value when it is a short ASCII text. Raises ValueError."""
    if not isinstance(value, str) or not _PLAIN_TEXT.fullmatch(value):
        raise ValueError("not a plain text")
    return value


def _number(value: object) -> str:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value) or not int(value):
        raise ValueError("not an id")
    return value


def _entries(fields: Mapping[str, Any], wrapper: str) -> list[Any]:
    # WeChat's own page once showed a change event in the popup's wrapper: whichever is there is read.
    names = (wrapper, *(other for other in _WRAPPERS.values() if other != wrapper))
    wrapped = [fields[name] for name in names if isinstance(fields.get(name), Mapping)]
    entries = wrapped[0]["List"] if wrapped else []
    return entries if isinstance(entries, list) else [entries]
