"""Pushes events and texts to the account's message server: within 5 seconds, three attempts, then dropped."""

import random
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from notifier.sandbox.handsets import DROPPED, PUSHED, WECHAT, Received
from notifier.sandbox.mischief import NONE, Mishap
from notifier.sandbox.pushing import Courier, Timetable
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import PushMode, WeChatSettings
from notifier.sandbox.wechat.answers import AnswerWindows
from notifier.sandbox.wechat.envelope import Sealer

_NO_MESSAGES = (b"", b"<xml><ToUserName>", b"<xml></xml>", b"{}", b"\xff\xfe")
Fields = Mapping[str, Any]
_SENT, _POPUP = "SubscribeMsgSentEvent", "SubscribeMsgPopupEvent"
_SENT_CODES = {"success": ("0", "success"), "failed:user block": ("43101", "user block")}
"""ErrorCode and ErrorStatus of a subscription notice by its result in the record."""


class Due(NamedTuple):
    """One push on its way; `row_id` is the record's row whose receipt it is, if any."""

    fields: Fields
    row_id: int | None = None
    mishaps: frozenset[Mishap] = NONE


class CallbackPusher:
    """Owns every push until it is answered with 200 or dropped."""

    def __init__(self, settings: WeChatSettings, recorder: HandsetRecorder) -> None:
        self.url = settings.callback_url
        self.mode: PushMode = settings.push_mode
        timeout_s = settings.push_timeout.total_seconds()
        self.courier = Courier(timeout_s, [0.0] * (settings.push_attempts - 1))
        self._settings = settings
        self._recorder = recorder
        self._sealer = Sealer(settings, recorder.clock)
        self._timetable: Timetable[Due] = Timetable(self._hand_over)
        self._random = random.Random(settings.mischief.seed)
        self.windows = AnswerWindows(recorder.clock)
        self._subscriptions = {template.template_id for template in settings.subscriptions}
        self._message_ids = count(recorder.now_ms() * 1_000_000)

    async def open(self) -> None:
        """Finish events that a killed process still owed are due again."""
        await self.courier.open()
        now_ms = self._recorder.now_ms()
        for row in self._recorder.unreported(WECHAT):
            self._timetable.put(max(0.0, (row.due_at_ms - now_ms) / 1000), self.finish(row))

    async def close(self) -> None:
        self._timetable.clear()
        await self.courier.close()

    @property
    def n_pending(self) -> int:
        return len(self._timetable) + self.courier.n_under_way

    def forget(self) -> None:
        """Pushes that are not due yet never come."""
        self._timetable.clear()

    def finish(self, row: Received, mishaps: frozenset[Mishap] = NONE) -> Due:
        """The event of one accepted message (MsgID with a capital D, as the platform writes it)."""
        if row.template in self._subscriptions:
            code, status = _SENT_CODES.get(row.result, ("-1", row.result.removeprefix("failed:").strip()))
            told = {"TemplateId": row.template, "MsgID": row.provider_id, "ErrorCode": code, "ErrorStatus": status}
            sent = self._event(row.address, "subscribe_msg_sent_event")
            return Due({**sent, _SENT: {"List": [told]}}, row.id, mishaps)
        event = self._event(row.address, "TEMPLATESENDJOBFINISH")
        fields = {**event, "MsgID": int(row.provider_id), "Status": row.result}
        return Due(fields, row.id, mishaps)

    def put(self, delay_s: float, due: Due) -> None:
        self._timetable.put(delay_s, due)

    async def push_now(self, due: Due) -> None:
        """It has been pushed, or dropped, before this returns."""
        await self._deliver(due)

    def subscribe(self, openid: str, scene: str = "") -> None:
        """A subscribe event is due; with a scene, as after a scan of a QR code."""
        event = self._event(openid, "subscribe")
        if scene:
            event |= {"EventKey": f"qrscene_{scene}", "Ticket": f"TICKET{self._random.randrange(10**12)}"}
        else:
            event |= {"EventKey": ""}
        self.windows.opened(openid, "acted")
        self._put_if_any(event)

    def scan(self, openid: str, scene: str, ticket: str = "") -> None:
        """A follower scanned a code: a SCAN event is due."""
        self.windows.opened(openid, "acted")
        self._put_if_any({**self._event(openid, "SCAN"), "EventKey": scene, "Ticket": ticket or f"TICKET{scene}"})

    def press(self, openid: str, key: str) -> None:
        """A follower pressed the menu: a CLICK event is due."""
        self.windows.opened(openid, "acted")
        self._put_if_any({**self._event(openid, "CLICK"), "EventKey": key})

    def popup(self, openid: str, words: Mapping[str, str], scene: int = 1) -> None:
        """What a follower chose in the popup, accept or reject by template, in one event."""
        told = [
            {"TemplateId": template, "SubscribeStatusString": word, "PopupScene": str(scene)}
            for template, word in words.items()
        ]
        self._put_if_any({**self._event(openid, "subscribe_msg_popup_event"), _POPUP: {"List": told}})

    def withdraw(self, openid: str, template_id: str, *, mistaken: bool = False) -> None:
        """A follower switched a template off; `mistaken` uses the popup's wrapper, as the documentation once did."""
        told = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
        wrapper = _POPUP if mistaken else "SubscribeMsgChangeEvent"
        self._put_if_any({**self._event(openid, "subscribe_msg_change_event"), wrapper: {"List": told}})

    def unsubscribe(self, openid: str) -> None:
        self.windows.closed(openid)
        self._put_if_any({**self._event(openid, "unsubscribe"), "EventKey": ""})

    def say(self, openid: str, content: str) -> int:
        """A text from the follower is due; gives its MsgId."""
        message_id = next(self._message_ids)
        self.windows.opened(openid, "spoke")
        sender = self._sender(openid)
        self._put_if_any({**sender, "MsgType": "text", "Content": content, "MsgId": message_id})
        return message_id

    def _put_if_any(self, fields: Fields) -> None:
        if self.url:
            self._timetable.put(0.0, Due(fields))

    def _sender(self, openid: str) -> dict[str, str | int]:
        return {
            "ToUserName": self._settings.original_id,
            "FromUserName": openid,
            "CreateTime": int(self._recorder.clock()),
        }

    def _event(self, openid: str, name: str) -> dict[str, str | int]:
        return {**self._sender(openid), "MsgType": "event", "Event": name}

    def _hand_over(self, dues: list[Due]) -> None:
        if any(Mishap.RECEIPT_SHUFFLED in due.mishaps for due in dues):
            self._random.shuffle(dues)
        for due in dues:
            if Mishap.RECEIPT_GARBLED in due.mishaps:
                self.courier.start(self._garble(due))
            self.courier.start(self._deliver(due))
            if Mishap.RECEIPT_DOUBLED in due.mishaps:
                self._timetable.put(self._random.uniform(0, 0.1), Due(due.fields, due.row_id))
            if Mishap.RECEIPT_UNKNOWN in due.mishaps:
                self._timetable.put(0.0, Due(self._unknown(due.fields)))

    def _unknown(self, fields: Fields) -> Fields:
        number = self._random.randrange(10**17, 10**18)
        if _SENT not in fields:
            return {**fields, "MsgID": number}
        (told,) = fields[_SENT]["List"]
        return {**fields, "FromUserName": "oNobody0001", _SENT: {"List": [{**told, "MsgID": str(number)}]}}

    async def _garble(self, due: Due) -> None:
        """Rightly signed, but no message: a server that only checks the signature stumbles over it."""
        push = self._sealer.seal(self.url, due.fields, self.mode)
        await self.courier.deliver(replace(push, body=self._random.choice(_NO_MESSAGES)))

    async def _deliver(self, due: Due) -> None:
        answered = await self.courier.deliver(self._sealer.seal(self.url, due.fields, self.mode))
        if due.row_id is not None:
            self._recorder.mark([due.row_id], PUSHED if answered else DROPPED)
