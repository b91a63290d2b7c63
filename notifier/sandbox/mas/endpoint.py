"""The HTTP side of the stand-in for MAS: two actions, JSON answers, HTTP 200 for every refusal of its own."""

import sqlite3
from itertools import count

import orjson
from aiohttp import web

from notifier.sandbox import tampering
from notifier.sandbox.mas.reports import answer_of, report
from notifier.sandbox.mas.settings import MasSettings
from notifier.sandbox.mas.submits import ACTIONS, Mailbag, MasRefusal, SubmitReader
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.outbox import Outbox, Parcel
from notifier.sandbox.receipts import ReceiptPusher
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.segments import n_segments


class MasGateway:
    """Stand-in for a province's MAS server."""

    def __init__(self, settings: MasSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        self.mischief = Mischief(settings.mischief)
        seed = settings.mischief.seed
        self.pusher = ReceiptPusher(settings.report_url, report(settings), time_factor, recorder, seed)
        self._outbox = Outbox(self.pusher, self.mischief, settings.receipt_delay, time_factor)
        self._reader = SubmitReader(settings)
        self._settings = settings
        self._recorder = recorder
        self._groups = count(recorder.now_ms() * 100_000)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers any request at all the way the provider would."""
        action = request.path.removeprefix(self._settings.path)
        if request.method != "POST" or action not in ACTIONS:
            return web.Response(status=404, text="<html><h1>404</h1></html>", content_type="text/html")
        try:
            body = await request.read()  # at once: what has arrived is not undone by a caller that dies meanwhile
        except web.HTTPException:
            return web.Response(status=500, text="<html><h1>500</h1></html>", content_type="text/html")
        drawn = self.mischief.draw()
        if (stopped := await tampering.before(request, drawn, self.mischief)) is not None:
            return stopped
        if Mishap.THROTTLE in drawn:  # [choice] a proxy before the platform; it has no code of its own for this
            return web.Response(status=429, text="<html><h1>429</h1></html>", content_type="text/html")
        try:
            group = await self._accept(self._reader.read(action, body), drawn)
        except MasRefusal as refusal:
            return _reply(refusal.rspcod)
        except sqlite3.Error:
            return web.Response(status=500, text="<html><h1>500</h1></html>", content_type="text/html")
        return await tampering.after(request, _reply("success", group), drawn, self.mischief)

    async def _accept(self, bag: Mailbag, drawn: frozenset[Mishap]) -> str:
        """The msgGroup; a row a number is in the record, without a key of the sender, who gave none."""
        group = f"{next(self._groups)}"
        pieces = n_segments(bag.text)
        parcels = [Parcel(mobile, bag.text, bag.template, "", group, pieces) for mobile in bag.mobiles]
        await self._outbox.take(parcels, drawn)
        return group

    def answer(self, phone: str, text: str) -> None:
        """A person answers the last message: the service is told."""
        self.pusher.say(answer_of(phone, text, self._settings.service_code, self._recorder.now_ms()))

    def forget(self) -> None:
        """There is nothing but the record to forget."""


def _reply(rspcod: str, group: str = "") -> web.Response:
    said = {"msgGroup": group, "rspcod": rspcod, "success": rspcod == "success"}
    return web.Response(body=orjson.dumps(said), content_type="application/json")
