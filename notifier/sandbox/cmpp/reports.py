"""Reports and people's answers over the connection: each DELIVER comes again until it is answered, or is dropped."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson

from notifier.sandbox.beijing import beijing_text
from notifier.sandbox.cmpp.layout import Delivery, report_content
from notifier.sandbox.cmpp.settings import CmppSettings
from notifier.sandbox.handsets import CMPP, Received
from notifier.sandbox.pushing import Courier, Push
from notifier.sandbox.receipts import PushForm, ReceiptPusher
from notifier.sandbox.recorder import HandsetRecorder

OVER_THE_LINE = "cmpp:"
"""What stands where other gateways have a callback address."""
_MINUTES = "%y%m%d%H%M"
_JOINT = "+"
_WHOLE, _PART = 140, 134
"""Bytes of a text in one message, and in each of several."""
_GARBAGE = (orjson.dumps([{"msg_id": 1, "phone": "", "raw": "no report at all"}]),)


class Line(Protocol):
    """A connection that was let in."""

    is_wide: bool
    """Whether it speaks 3.0."""

    async def deliver(self, said: Delivery) -> bool:
        """True once it was answered as it should be; False when it was not, or the connection ended."""
        ...


def joined(msg_ids: Sequence[int]) -> str:
    """The Msg_Ids of a text's parts, as one provider id."""
    return _JOINT.join(f"{one:016x}" for one in msg_ids)


def _separate(provider_id: str) -> list[int]:
    if provider_id.endswith("^0"):  # a stranger's
        return [int(provider_id[:-2])]
    return [int(one, 16) for one in provider_id.split(_JOINT)]


class _LineCourier(Courier):
    """Instead of a POST, DELIVERs over whatever connection there is; a push is a JSON array of what they say."""

    def __init__(self, settings: CmppSettings, waits_s: Sequence[float], line: Callable[[], Line | None]) -> None:
        super().__init__(settings.deliver_timeout.total_seconds(), waits_s)
        self._settings = settings
        self._line = line

    async def _attempt(self, push: Push) -> bool:
        line = self._line()
        if line is None:
            return False
        said = [self._delivery(one, is_wide=line.is_wide) for one in orjson.loads(push.body)]
        try:
            async with asyncio.timeout(self._settings.deliver_timeout.total_seconds()):
                return all(await asyncio.gather(*(line.deliver(one) for one in said)))
        except TimeoutError:
            return False

    def _delivery(self, one: dict[str, Any], *, is_wide: bool) -> Delivery:
        settings = self._settings
        if "text" in one:
            header = bytes((5, 0, 3, *one["part"])) if one["part"] else b""
            content = header + one["text"].encode("utf-16-be")
        elif "raw" in one:
            content = one["raw"].encode()
        else:
            is_wide = is_wide and not settings.narrow_reports
            content = report_content(one["msg_id"], one["stat"], one["times"], one["phone"], is_wide=is_wide)
        is_report = "text" not in one
        fmt, has_header = (0, False) if is_report else (8, bool(one["part"]))
        return Delivery(
            one["msg_id"], settings.src_id, settings.service_id, one["phone"], is_report, fmt, content, has_header
        )


class LinePusher(ReceiptPusher):
    """A ReceiptPusher whose pushes go over the connection."""

    def __init__(
        self, settings: CmppSettings, time_factor: float, recorder: HandsetRecorder, line: Callable[[], Line | None]
    ) -> None:
        form = PushForm(CMPP, _write, _GARBAGE, 1, {}, settings.deliver_timeout, settings.deliver_waits)
        super().__init__(OVER_THE_LINE, form, time_factor, recorder, settings.mischief.seed)
        waits_s = [wait.total_seconds() * time_factor for wait in settings.deliver_waits]
        self.courier = _LineCourier(settings, waits_s, line)

    def say_to_sp(self, phone: str, text: str, next_id: Callable[[], int]) -> None:
        """A person writes to the account's number; what is longer than a message comes in parts, the last one first."""
        raw = text.encode("utf-16-be")
        size = _PART if len(raw) > _WHOLE else _WHOLE
        pieces = [raw[at : at + size].decode("utf-16-be", "replace") for at in range(0, max(len(raw), 1), size)]
        reference = next_id() & 0xFF
        said = [
            {"msg_id": next_id(), "phone": phone, "text": piece, "part": [reference, len(pieces), number]}
            for number, piece in enumerate(pieces, 1)
        ]
        if len(said) == 1:
            said[0]["part"] = None
        self.say(orjson.dumps(said[::-1]))


def _write(rows: Sequence[Received]) -> bytes:
    """A report for each part of each row."""
    return orjson.dumps(
        [
            {
                "msg_id": msg_id,
                "phone": row.address,
                "stat": "DELIVRD" if row.is_delivered else row.result[:7],
                "times": (beijing_text(row.at_ms, _MINUTES), beijing_text(row.due_at_ms, _MINUTES)),
            }
            for row in rows
            for msg_id in _separate(row.provider_id)
        ]
    )
