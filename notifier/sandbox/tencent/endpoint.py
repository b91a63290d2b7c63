"""The HTTP side of the stand-in for Tencent SMS: one endpoint, JSON in and out, HTTP 200 for every refusal."""

import sqlite3
import uuid
from collections.abc import Mapping
from itertools import count
from typing import Any

import orjson
from aiohttp import web

from notifier.sandbox import tampering
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.outbox import Outbox, Parcel
from notifier.sandbox.receipts import ReceiptPusher
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.segments import n_segments
from notifier.sandbox.tencent import refusals
from notifier.sandbox.tencent.callbacks import answer_of, callback
from notifier.sandbox.tencent.flow import FlowControl
from notifier.sandbox.tencent.gate import Gate, TencentCall, TencentRequest
from notifier.sandbox.tencent.letters import LetterReader, Mailbag, mainland
from notifier.sandbox.tencent.pulls import Pulls
from notifier.sandbox.tencent.settings import TencentSettings

_SEND, _PULL = "SendSms", "PullSmsSendStatusByPhoneNumber"


class TencentGateway:
    """Stand-in for sms.tencentcloudapi.com."""

    def __init__(self, settings: TencentSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        self.mischief = Mischief(settings.mischief)
        seed = settings.mischief.seed
        self.pusher = ReceiptPusher(settings.report_url, callback(settings), time_factor, recorder, seed)
        self._outbox = Outbox(self.pusher, self.mischief, settings.receipt_delay, time_factor)
        self._gate = Gate(settings, frozenset((_SEND, _PULL)), recorder.clock)
        self._reader = LetterReader(settings)
        self._flow = FlowControl(settings.flow, recorder.clock)
        self._pulls = Pulls(settings, recorder)
        self._recorder = recorder
        self._sign = next(iter(settings.signs), "")
        self._serials = count(recorder.now_ms() * 100_000)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers any request at all the way the provider would."""
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            call = self._gate.verify(TencentRequest(request.method, headers, await request.read()))
            if call.action == _SEND:
                return await self._send(request, call)
            return _reply(self._pulls.by_phone(call.fields))
        except refusals.TencentRefusal as refusal:
            return _refuse(refusal)
        except web.HTTPException as oversize:
            return _refuse(refusals.TencentRefusal("RequestSizeLimitExceeded", oversize.reason))
        except sqlite3.Error:
            return _refuse(refusals.internal())

    def answer(self, phone: str, text: str) -> None:
        """A person answers the last message: the service is told."""
        self.pusher.say(answer_of(phone, text, self._sign, self._recorder.clock))

    def forget(self) -> None:
        """Flow control starts anew."""
        self._flow.forget()

    async def _send(self, request: web.Request, call: TencentCall) -> web.StreamResponse:
        drawn = self.mischief.draw()
        if (stopped := await tampering.before(request, drawn, self.mischief)) is not None:
            return stopped
        if Mishap.THROTTLE in drawn:
            raise refusals.throttled()
        statuses = await self._accept(self._reader.read(call.fields), drawn)
        return await tampering.after(request, _reply({"SendStatusSet": statuses}), drawn, self.mischief)

    async def _accept(self, bag: Mailbag, drawn: frozenset[Mishap]) -> list[dict[str, Any]]:
        """A status a number, in their order; the good ones are in the record."""
        parcels: list[Parcel] = []
        statuses = []
        for number in bag.numbers:
            phone = mainland(number)
            code = bag.fault or ("InvalidParameterValue.IncorrectPhoneNumber" if phone is None else "")
            if phone is not None and not code:
                code = self._flow.take(phone, bag.text)
            serial = ""
            if phone is not None and not code:
                serial = f"5000:{next(self._serials)}"
                pieces = n_segments(bag.text)
                parcels.append(Parcel(phone, bag.text, bag.template, bag.session_context, serial, pieces))
            statuses.append(_status(number, phone, serial, code or "Ok", bag))
        await self._outbox.take(parcels, drawn)
        return statuses


def _status(number: str, phone: str | None, serial: str, code: str, bag: Mailbag) -> dict[str, Any]:
    return {
        "SerialNo": serial,
        "PhoneNumber": number if phone is None else f"+86{phone}",
        "Fee": n_segments(bag.text) if serial else 0,
        "SessionContext": bag.session_context,
        "Code": code,
        "Message": refusals.MESSAGES[code],
        "IsoCode": "CN" if phone is not None else "DEF",
    }


def _reply(fields: Mapping[str, Any]) -> web.Response:
    body = orjson.dumps({"Response": {**fields, "RequestId": str(uuid.uuid4())}})
    return web.Response(body=body, content_type="application/json")


def _refuse(refusal: refusals.TencentRefusal) -> web.Response:
    return _reply({"Error": {"Code": refusal.code, "Message": refusal.message}})
