"""template/send: checks what the platform checks, sends once per client_msg_id, records, and owes a finish event."""

import random
import sqlite3
from collections.abc import Mapping
from itertools import count
from typing import Any

from notifier.sandbox.handsets import WAITING, WECHAT, WITHHELD, Received
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import WeChatSettings, WeChatTemplate
from notifier.sandbox.wechat.callbacks import CallbackPusher
from notifier.sandbox.wechat.followers import Followers
from notifier.sandbox.wechat.keywords import is_allowed
from notifier.sandbox.wechat.refusals import refusal

_NEVER_PUSHED = frozenset((Mishap.RECEIPT_LOST, Mishap.RECEIPT_SILENT))
_ID_BASE = 3_000_000_000_000_000_000


class TemplateSending:
    """The account's template messages."""

    def __init__(
        self,
        settings: WeChatSettings,
        time_factor: float,
        recorder: HandsetRecorder,
        followers: Followers,
        pusher: CallbackPusher,
    ) -> None:
        self.mischief = Mischief(settings.mischief)
        self._time_factor = time_factor
        self._recorder = recorder
        self._followers = followers
        self._pusher = pusher
        self._templates = {template.template_id: template for template in settings.templates}
        self._window_ms = int(settings.dedupe_window.total_seconds() * 1000)
        low, high = settings.event_delay
        self._delay_s = (low.total_seconds(), high.total_seconds())
        self._random = random.Random(settings.mischief.seed)
        # beyond 2**53, so that a client which reads msgid as a float is found out
        self._msgids = count(_ID_BASE + recorder.now_ms() * 1000)
        self._sent: dict[tuple[str, str], tuple[int, int]] = {}
        self._links: dict[str, str] = {}

    def open(self) -> None:
        """Messages of the last dedupe window are remembered across a restart."""
        for row in self._recorder.since(WECHAT, self._recorder.now_ms() - self._window_ms):
            if row.sender_key:
                self._sent[row.address, row.sender_key] = (row.at_ms, int(row.provider_id))

    def forget(self) -> None:
        self._sent.clear()
        self._links.clear()

    def link(self, openid: str) -> str | None:
        """What a tap on the newest card opens; None when there is none, or it leads nowhere."""
        return self._links.get(openid) or None

    def note_link(self, openid: str, link: object) -> None:
        """The newest card of the openid opens this. Raises WeChatRefusal for what is no address."""
        if link not in (None, "") and not (isinstance(link, str) and link.startswith(("http://", "https://"))):
            raise refusal(40020)
        self._links[openid] = str(link or "")

    async def send(self, given: Any, drawn: frozenset[Mishap]) -> int:
        """The msgid; the message is in the record once, however often its client_msg_id comes in the window.

        Raises WeChatRefusal, and then nothing was accepted.
        """
        if not isinstance(given, Mapping):
            raise refusal(47001)
        openid = self._followers.check(given.get("touser"))
        template = self._template(given.get("template_id"))
        text = render(template, given.get("data"))
        key = given.get("client_msg_id", "")
        if not isinstance(key, str):
            raise refusal(47001)
        now_ms = self._recorder.now_ms()
        if key and (msgid := self._earlier(openid, key, now_ms)):
            return msgid
        msgid = self.next_msgid()
        if key:
            self._remember(openid, key, now_ms, msgid)
        self.note_link(openid, given.get("url"))
        try:
            await self.accept(openid, (template.template_id, key, text), msgid, drawn)
        except sqlite3.Error:
            self._sent.pop((openid, key), None)
            raise
        return msgid

    def _template(self, template_id: object) -> WeChatTemplate:
        if not isinstance(template_id, str) or len(template_id) != 43:
            raise refusal(40036)
        if (template := self._templates.get(template_id)) is None:
            raise refusal(40037)
        return template

    def _earlier(self, openid: str, key: str, now_ms: int) -> int | None:
        at_ms, msgid = self._sent.get((openid, key), (0, 0))
        return msgid if now_ms - at_ms < self._window_ms else None

    def _remember(self, openid: str, key: str, now_ms: int, msgid: int) -> None:
        self._sent.pop((openid, key), None)  # so that the oldest stays first
        self._sent[openid, key] = (now_ms, msgid)
        while self._sent:
            oldest = next(iter(self._sent))
            if now_ms - self._sent[oldest][0] < self._window_ms:
                return
            del self._sent[oldest]

    def next_msgid(self) -> int:
        """A msgid that nobody had."""
        return next(self._msgids)

    async def accept(self, openid: str, words: tuple[str, str, str], msgid: int, drawn: frozenset[Mishap]) -> None:
        """The message (template, key, text) is in the record and its event is due. Raises sqlite3.Error."""
        mishaps = self.mischief.draw_receipt(drawn)
        delay_s = self._random.uniform(*self._delay_s)
        if Mishap.RECEIPT_LATE in mishaps:
            delay_s += self.mischief.plan.late_by.total_seconds() * self._time_factor
        is_early = Mishap.RECEIPT_EARLY in mishaps
        is_pushed = bool(self._pusher.url) and not mishaps & _NEVER_PUSHED
        result = "" if Mishap.RECEIPT_SILENT in mishaps else self.mischief.failure_of(openid) or "success"
        row = self._row(openid, words, msgid, result)
        row = row._replace(
            due_at_ms=row.at_ms + (0 if is_early else int(delay_s * 1000)),
            receipt=WAITING if is_pushed else WITHHELD,
        )
        await self._recorder.append([row])
        if is_pushed and is_early:
            await self._pusher.push_now(self._pusher.finish(row, mishaps))
        elif is_pushed:
            self._pusher.put(delay_s, self._pusher.finish(row, mishaps))

    def _row(self, openid: str, words: tuple[str, str, str], msgid: int, result: str) -> Received:
        template_id, key, text = words
        at_ms = self._recorder.now_ms()
        row_id = self._recorder.next_id()
        said = (openid, key, str(msgid), template_id, text)
        return Received(row_id, at_ms, WECHAT, *said, 1, result, at_ms, WAITING, WECHAT)


def render(template: WeChatTemplate, values: object) -> str:
    """Headline and one line a keyword, as the follower sees it. Raises WeChatRefusal 47001 or 47003."""
    if not isinstance(values, Mapping):
        raise refusal(47001)
    for stranger in values.keys() - template.keywords.keys():
        raise refusal(47003, f"data.{str(stranger)[:40]} is not in the template")
    lines = [template.title]
    for keyword, label in template.keywords.items():
        given = values.get(keyword)
        value = given.get("value") if isinstance(given, Mapping) else None
        if not isinstance(value, str) or not is_allowed(keyword, value, template.allowed.get(keyword, ())):
            raise refusal(47003, f"data.{keyword}.value invalid")
        lines.append(f"{label}：{value}")
    return "\n".join(lines)
