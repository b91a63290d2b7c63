"""message/custom/send: customer-service answers, only while a follower's own act allows them."""

from collections.abc import Callable, Mapping
from typing import Any

from notifier.sandbox.handsets import WECHAT, WITHHELD, Received
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.wechat.followers import is_openid
from notifier.sandbox.wechat.refusals import refusal

_WINDOWS = {"acted": (60, 3), "spoke": (48 * 3600, 5)}
"""Seconds that each window is open, and the answers it has room for."""
_LONGEST_BYTES = 2048


class AnswerWindows:
    """Until when, and how many answers, each openid may be sent."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[tuple[str, str], tuple[float, int]] = {}

    def opened(self, openid: str, window: str) -> None:
        """The follower wrote ("spoke"), or pressed, followed or scanned ("acted")."""
        lasts, room = _WINDOWS[window]
        self._open[openid, window] = (self._clock() + lasts, room)

    def closed(self, openid: str) -> None:
        """The follower left."""
        for window in _WINDOWS:
            self._open.pop((openid, window), None)

    def spend(self, openid: str) -> None:
        """One answer is sent. Raises WeChatRefusal 45015 (no window is open) or 45047 (no room is left)."""
        now = self._clock()
        is_open = False
        for window in _WINDOWS:
            until, room = self._open.get((openid, window), (0.0, 0))
            is_open = is_open or until > now
            if until > now and room:
                self._open[openid, window] = (until, room - 1)
                return
        raise refusal(45047 if is_open else 45015)


class Answers:
    """The account's customer service."""

    def __init__(self, recorder: HandsetRecorder, windows: AnswerWindows) -> None:
        self._recorder = recorder
        self._windows = windows

    async def send(self, given: Any) -> None:
        """The text is in the record; no event follows. Raises WeChatRefusal, and then nothing was accepted."""
        if not isinstance(given, Mapping) or given.get("msgtype") != "text":
            raise refusal(47001)
        openid, text = given.get("touser"), given.get("text")
        if not isinstance(openid, str) or not is_openid(openid):
            raise refusal(40003)
        content = text.get("content") if isinstance(text, Mapping) else None
        if not isinstance(content, str) or not content:
            raise refusal(44004)
        if len(content.encode()) > _LONGEST_BYTES:
            raise refusal(45002)
        self._windows.spend(openid)
        row_id, at_ms = self._recorder.next_id(), self._recorder.now_ms()
        said = (openid, "", "", "custom", content)
        await self._recorder.append([Received(row_id, at_ms, WECHAT, *said, 1, "success", at_ms, WITHHELD, WECHAT)])
