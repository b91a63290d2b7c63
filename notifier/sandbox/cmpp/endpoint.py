"""The TCP side of the stand-in for a CMPP gateway: its connections, and what it makes of each SUBMIT."""

import asyncio
import sqlite3
from collections import deque
from datetime import UTC, datetime

from notifier.sandbox.beijing import BEIJING
from notifier.sandbox.cmpp.layout import BadStructure, Frame, read_submit
from notifier.sandbox.cmpp.reports import Line, LinePusher, joined
from notifier.sandbox.cmpp.session import Session
from notifier.sandbox.cmpp.settings import CmppSettings
from notifier.sandbox.cmpp.submits import FLOW, NOT_SERVED, STRUCTURE, Refused, SubmitReader, Whole
from notifier.sandbox.mischief import Mischief, Mishap
from notifier.sandbox.outbox import Outbox, Parcel
from notifier.sandbox.receipts import ReceiptPusher
from notifier.sandbox.recorder import HandsetRecorder

_REPEATED = 3
_UNFILED_SIGN = "XA:0003"
_NOT_ACCEPTED = frozenset((Mishap.HTTP_500, Mishap.HTTP_502))


class CmppGateway:
    """Stand-in for one carrier's gateway and the account on it."""

    def __init__(self, settings: CmppSettings, time_factor: float, recorder: HandsetRecorder) -> None:
        self.mischief = Mischief(settings.mischief)
        self._to_sp = LinePusher(settings, time_factor, recorder, self._line)
        self.pusher: ReceiptPusher = self._to_sp
        self.n_over_window = 0
        """SUBMITs that came beyond the window: a client that keeps it never causes one."""
        self.port = 0
        """Where it listens, once it does."""
        self._outbox = Outbox(self.pusher, self.mischief, settings.receipt_delay, time_factor)
        self._reader = SubmitReader(settings)
        self._settings = settings
        self._recorder = recorder
        self._sessions: set[Session] = set()
        self._recent: deque[float] = deque()
        self._n_ids = 0

    async def open(self) -> None:
        """It listens, if it is enabled, and reports that a killed process owed are due. Raises OSError."""
        await self.pusher.open()
        if self._settings.enabled:
            self._server = await asyncio.start_server(self._serve, self._settings.host, self._settings.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody is connected any more."""
        if self._settings.enabled:
            self._server.close()
        for session in list(self._sessions):
            session.close()
        await self.pusher.close()

    def forget(self) -> None:
        """Parts that wait for others, and the pace, start anew."""
        self._reader.forget()
        self._recent.clear()

    def answer(self, phone: str, text: str) -> None:
        """A person writes to the account's number."""
        self._to_sp.say_to_sp(phone, text, self._msg_id)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self._settings, reader, writer, self._submit)
        self._sessions.add(session)
        try:
            await session.serve(datetime.fromtimestamp(self._recorder.clock(), UTC), self._is_full)
        finally:
            self._sessions.discard(session)

    def _is_full(self) -> bool:
        return sum(one.is_in for one in self._sessions) >= self._settings.most_connections

    def _line(self) -> Line | None:
        return next((one for one in self._sessions if one.is_in), None)

    async def _submit(self, session: Session, frame: Frame) -> None:
        drawn = self.mischief.draw()
        try:
            self._admit(session, frame, drawn)
            if Mishap.RESET_BEFORE in drawn:
                session.reset()
                return
            if drawn & _NOT_ACCEPTED:
                session.garble()
                return
            await asyncio.sleep(self.mischief.latency_s())
            msg_id = await self._accept(session, frame, drawn)
        except Refused as refusal:
            session.answer_submit(frame, 0, refusal.result)
        except BadStructure:
            session.answer_submit(frame, 0, STRUCTURE)
        except sqlite3.Error:
            session.answer_submit(frame, 0, NOT_SERVED)
        else:
            await session.spoil(frame, msg_id, drawn, self.mischief.plan.slow_for.total_seconds())

    def _admit(self, session: Session, frame: Frame, drawn: frozenset[Mishap]) -> None:
        """Raises Refused for what breaks the window, the sequence or the pace."""
        if frame.sequence in session.unanswered:
            raise Refused(_REPEATED)
        if len(session.unanswered) >= self._settings.window:
            self.n_over_window += 1
            raise Refused(FLOW)
        session.unanswered.add(frame.sequence)
        if Mishap.THROTTLE in drawn or self._is_too_fast():
            raise Refused(FLOW)

    def _is_too_fast(self) -> bool:
        most, now = self._settings.submits_per_second, asyncio.get_running_loop().time()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if most and len(self._recent) >= most:
            return True
        self._recent.append(now)
        return False

    async def _accept(self, session: Session, frame: Frame, drawn: frozenset[Mishap]) -> int:
        """The Msg_Id of the part; a text that is whole with it is in the record before it is answered."""
        one = read_submit(frame.body, is_wide=session.is_wide)
        self._reader.check(one, is_wide=session.is_wide)
        msg_id = self._msg_id()
        whole = self._reader.put(one, msg_id)
        await self._outbox.take([self._parcel(text) for text in whole], drawn)
        return msg_id

    def _parcel(self, whole: Whole) -> Parcel:
        sign = self._settings.sign
        fault = "" if not sign or whole.text.startswith(f"【{sign}】") else _UNFILED_SIGN
        return Parcel(whole.phone, whole.text, "", "", joined(whole.msg_ids), len(whole.msg_ids), fault)

    def _msg_id(self) -> int:
        """month 4, day 5, hour 5, minute 6, second 6, gateway 22, sequence 16 bits."""
        now = datetime.fromtimestamp(self._recorder.clock(), BEIJING)
        self._n_ids = (self._n_ids + 1) & 0xFFFF
        msg_id = 0
        for value, n_bits in ((now.month, 4), (now.day, 5), (now.hour, 5), (now.minute, 6), (now.second, 6)):
            msg_id = msg_id << n_bits | value
        return (msg_id << 22 | self._settings.gateway_id) << 16 | self._n_ids
