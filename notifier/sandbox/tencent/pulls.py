"""PullSmsSendStatusByPhoneNumber: what carriers reported of one phone's messages; changes nothing."""

from collections.abc import Mapping
from typing import Any

from notifier.sandbox.handsets import TENCENT, Received
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.tencent import refusals
from notifier.sandbox.tencent.callbacks import DELIVERED
from notifier.sandbox.tencent.letters import mainland
from notifier.sandbox.tencent.settings import TencentSettings

_KEPT_S = 7 * 86_400
_MOST = 100


class Pulls:
    """Answers from the handset record: a message is listed only when its carrier has reported."""

    def __init__(self, settings: TencentSettings, recorder: HandsetRecorder) -> None:
        self._settings = settings
        self._recorder = recorder

    def by_phone(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The newest first, at most Limit. Raises TencentRefusal."""
        begin, end = _number(given, "BeginTime"), _number(given, "EndTime", 2**40)
        limit, offset = _number(given, "Limit"), _number(given, "Offset")
        now = self._recorder.clock()
        if not now - _KEPT_S <= begin:
            raise refusals.begin_wrong()
        if end < begin:
            raise refusals.end_wrong()
        if not 1 <= limit <= _MOST:
            raise refusals.limit_wrong()
        if offset != 0:
            raise refusals.offset_wrong()
        phone = mainland(str(given.get("PhoneNumber", "")))
        if phone is None:
            raise refusals.mistyped("PhoneNumber")
        rows = self._recorder.to_address(TENCENT, phone, begin * 1000, end * 1000)
        known = [row for row in rows if row.result and now * 1000 >= row.due_at_ms]
        return {"PullSmsSendStatusSet": [self._status(row) for row in known[:limit]]}

    def _status(self, row: Received) -> dict[str, Any]:
        return {
            "UserReceiveTime": row.due_at_ms // 1000,
            "CountryCode": "86",
            "SubscriberNumber": row.address,
            "PhoneNumber": f"+86{row.address}",
            "SerialNo": row.provider_id,
            "ReportStatus": "SUCCESS" if row.is_delivered else "FAIL",
            "Description": DELIVERED if row.is_delivered else row.result,
            "SessionContext": row.sender_key if self._settings.session_context else "",
        }


def _number(given: Mapping[str, Any], name: str, otherwise: int | None = None) -> int:
    value = given.get(name, otherwise)
    if value is None:
        raise refusals.missing(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise refusals.mistyped(name)
    return value
