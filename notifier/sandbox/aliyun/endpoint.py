"""The HTTP side of the SMS gateway: one endpoint, answers in JSON or XML as the caller asked."""

import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import orjson
from aiohttp import web

from notifier.sandbox import tampering
from notifier.sandbox.aliyun import refusals
from notifier.sandbox.aliyun.acceptance import Acceptance
from notifier.sandbox.aliyun.gate import ApiCall, Gate, WireRequest
from notifier.sandbox.aliyun.letters import LetterReader
from notifier.sandbox.aliyun.queries import Queries
from notifier.sandbox.aliyun.receipts import sms_report, sms_up
from notifier.sandbox.aliyun.signing import parse_form
from notifier.sandbox.mischief import Mishap
from notifier.sandbox.receipts import ReceiptPusher
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import AliyunSettings


class AliyunGateway:
    """Stand-in for dysmsapi.aliyuncs.com."""

    def __init__(self, settings: AliyunSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        form, seed = sms_report(settings), settings.mischief.seed
        self.pusher = ReceiptPusher(settings.sms_report_url, form, time_factor, recorder, seed)
        self.acceptance = Acceptance(settings, time_factor, self.pusher)
        self.mischief = self.acceptance.mischief
        self._prefix = settings.path.rstrip("/")
        reader = LetterReader(settings)
        queries = Queries(settings, recorder, recorder.clock)
        self._sends = {"SendSms": reader.read_single, "SendBatchSms": reader.read_batch}
        self._queries = {
            "QuerySendDetails": queries.send_details,
            "QuerySmsTemplate": queries.sms_template,
            "QuerySmsSign": queries.sms_sign,
        }
        actions = frozenset(self._sends) | frozenset(self._queries)
        self._gate = Gate(settings, actions, recorder.clock)

    def answer(self, phone: str, text: str) -> None:
        """A person answers an SMS: the service is told, at the place of the receipts."""
        recorder = self.pusher.recorder
        self.pusher.say(sms_up(phone, text, recorder.now_ms(), recorder.next_id()))

    def forget(self) -> None:
        """Flow control starts anew."""
        self.acceptance.forget()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers any request at all the way the provider would."""
        reply = Reply(str(uuid.uuid4()).upper(), request.host)
        try:
            wire = await self._read(request)
            reply.choose_format(wire)
            call = self._gate.verify(wire)
            reply.action = call.action
            if call.action in self._sends:
                return await self._send(request, call, reply)
            return reply.success(self._queries[call.action](call.parameters))
        except refusals.PopRefusal as refusal:
            return reply.pop(refusal)
        except refusals.BusinessRefusal as refusal:
            return reply.business(refusal)
        except web.HTTPException as oversize:
            return reply.pop(refusals.PopRefusal("RequestTooLarge", oversize.reason, oversize.status))
        except sqlite3.Error:
            return reply.pop(refusals.internal_error())

    async def _read(self, request: web.Request) -> WireRequest:
        path, _, query = request.raw_path.partition("?")
        # a gateway mounted under a prefix signs what comes after it
        inside = path.removeprefix(self._prefix) if path.startswith(self._prefix) else path
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        parameters = parse_form(query.encode("utf-8", "surrogateescape"))
        return WireRequest(request.method, inside or "/", parameters, headers, body)

    async def _send(self, request: web.Request, call: ApiCall, reply: "Reply") -> web.StreamResponse:
        drawn = self.mischief.draw()
        if (stopped := await tampering.before(request, drawn, self.mischief)) is not None:
            return stopped
        if Mishap.THROTTLE in drawn:
            raise refusals.throttled()
        bag = self._sends[call.action](call.parameters)
        biz_id = await self.acceptance.accept(bag, drawn)
        return await tampering.after(request, reply.success({"BizId": biz_id}), drawn, self.mischief)


class Reply:
    """Writes answers for one request."""

    def __init__(self, request_id: str, host: str) -> None:
        self.action = ""
        self._request_id = request_id
        self._host = host.encode("utf-8", "replace").decode()
        self._is_xml = True

    def choose_format(self, wire: WireRequest) -> None:
        """V1 says Format and means XML when it does not; V3 negotiates by Accept and means JSON."""
        if wire.is_acs3:
            self._is_xml = wire.headers.get("accept", "").startswith(("application/xml", "text/xml"))
        else:
            self._is_xml = (wire.query.get("Format") or wire.form.get("Format", "XML")).upper() != "JSON"

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return self._write({"Message": "OK", "RequestId": self._request_id, **answer, "Code": "OK"}, 200)

    def business(self, refusal: refusals.BusinessRefusal) -> web.Response:
        said = {"Message": refusal.message, "RequestId": self._request_id, "Code": refusal.code}
        return self._write(said, 200)

    def pop(self, refusal: refusals.PopRefusal) -> web.Response:
        self.action = ""
        said = {
            "RequestId": self._request_id,
            "Message": refusal.message,
            "Recommend": refusals.RECOMMEND.format(code=refusal.code),
            "HostId": self._host,
            "Code": refusal.code,
        }
        return self._write(said, refusal.status)

    def _write(self, said: Mapping[str, Any], status: int) -> web.Response:
        headers = {"x-acs-request-id": self._request_id}
        if self._is_xml:
            root = f"{self.action}Response" if self.action else "Error"
            text = f'<?xml version="1.0" encoding="UTF-8"?>{_xml(root, said)}'
            headers["Content-Type"] = "text/xml;charset=utf-8"
            return web.Response(body=text.encode("utf-8", "replace"), status=status, headers=headers)
        headers["Content-Type"] = "application/json;charset=utf-8"
        return web.Response(body=orjson.dumps(said), status=status, headers=headers)


def _xml(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_xml(child, inner) for child, inner in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_xml(name, item) for item in value)
    printable = "".join(c for c in str(value) if c >= " " or c in "\t\r\n")
    return f"<{name}>{escape(printable)}</{name}>"
