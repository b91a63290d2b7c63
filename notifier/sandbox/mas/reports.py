"""Status reports, one JSON object a push, and single answers of people."""

from collections.abc import Sequence
from functools import partial

import orjson

from notifier.sandbox.beijing import beijing_text
from notifier.sandbox.handsets import MAS, Received
from notifier.sandbox.mas.settings import MasSettings
from notifier.sandbox.receipts import PushForm

_DENSE = "%Y%m%d%H%M%S"
_NO_RECEIPTS = (b"", b"{", b'{"mobile":1}', b'{"msgGroup":{}}', b"<html>\xff</html>")


def report(settings: MasSettings) -> PushForm:
    """How reports are pushed: each by itself."""
    headers = {"Content-Type": settings.report_type}
    write = partial(_write, marker=settings.report_marker)
    return PushForm(MAS, write, _NO_RECEIPTS, 1, headers, settings.push_timeout, settings.push_waits)


def _write(rows: Sequence[Received], *, marker: str) -> bytes:
    return orjson.dumps(report_of(rows[0], marker))


def report_of(row: Received, marker: str) -> dict[str, str]:
    """A report; times are Beijing's, without any separators."""
    return {
        "reportStatus": marker if row.is_delivered else row.result,
        "mobile": row.address,
        "submitDate": beijing_text(row.at_ms, _DENSE),
        "receiveDate": beijing_text(row.due_at_ms, _DENSE),
        "errorCode": "DELIVRD" if row.is_delivered else row.result,
        "msgGroup": row.provider_id,
    }


def answer_of(phone: str, text: str, service_code: str, at_ms: int) -> bytes:
    """What is pushed when a person answers."""
    said = {"mobile": phone, "smsContent": text, "sendTime": beijing_text(at_ms), "addSerial": service_code}
    return orjson.dumps(said)
