"""One connection of the account: let in by CONNECT, then every PDU answered, every rule of the window kept."""

import asyncio
import hashlib
import hmac
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NoReturn

from notifier.sandbox.beijing import BEIJING
from notifier.sandbox.cmpp.layout import (
    ACTIVE_TEST,
    ANSWER,
    CONNECT,
    DELIVER,
    SUBMIT,
    TERMINATE,
    BadStructure,
    Delivery,
    Frame,
    FrameReader,
    Login,
    deliver_body,
    read_login,
    status_bytes,
    written,
)
from notifier.sandbox.cmpp.settings import CmppSettings
from notifier.sandbox.mischief import Mishap

_STRUCTURE, _UNKNOWN_SOURCE, _WRONG_SECRET, _VERSION, _TOO_MANY = 1, 2, 3, 4, 5
_WIDE = 0x30
_VERSIONS = (0x20, 0x21, 0x30)
_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_TESTS = 3
_GLUED_FOR_S = 0.02

Submit = Callable[["Session", Frame], Awaitable[None]]
"""Answers one SUBMIT over the session it came by."""


class Session:
    """A connection. `is_in` once it was let in, until it ends."""

    def __init__(
        self, settings: CmppSettings, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, submit: Submit
    ) -> None:
        self._settings = settings
        self._reader, self._writer = reader, writer
        self._submit = submit
        self._frames = FrameReader()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivers: dict[int, tuple[int, asyncio.Future[bool]]] = {}
        self._sequence = 0
        self._held = b""
        self._n_tests = 0
        self.unanswered: set[int] = set()
        """Sequences of SUBMITs that wait for their answer."""
        self.is_wide = False
        self.is_in = False

    async def serve(self, now: datetime, is_full: Callable[[], bool]) -> None:
        """The conversation, until either side ends it. Raises nothing that a client can cause."""
        try:
            while True:
                for frame in self._frames.feed(await self._piece()):
                    if not self.is_in:
                        await self._let_in(frame, now, is_full)
                    else:
                        self._take(frame)
        except (BadStructure, EOFError, OSError):
            pass
        finally:
            self.is_in = False
            self.close()

    async def _piece(self) -> bytes:
        """What comes next; asks for a sign of life while nothing does. Raises EOFError at the end."""
        while True:
            try:
                async with asyncio.timeout(self._settings.idle.total_seconds() or None):
                    piece = await self._reader.read(65536)
            except TimeoutError:
                if self._n_tests == _TESTS or not self.is_in:
                    raise EOFError from None
                self._n_tests += 1
                self.write(ACTIVE_TEST, self._next())
                continue
            if not piece:
                raise EOFError
            self._n_tests = 0
            return piece

    def close(self) -> None:
        """Nothing goes on; who waits for the answer to a DELIVER learns that none comes."""
        for task in self._tasks:
            task.cancel()
        for _, answer in self._delivers.values():
            if not answer.done():
                answer.set_result(False)
        self._writer.close()

    # ── letting in ──

    async def _let_in(self, frame: Frame, now: datetime, is_full: Callable[[], bool]) -> None:
        if frame.command != CONNECT:
            raise BadStructure
        try:
            login = read_login(frame.body)
        except BadStructure:
            self._turn_away(frame, _STRUCTURE)
        self.is_wide = login.version == _WIDE
        if status := self._status(login, now, is_full):
            self._turn_away(frame, status)
        said = status_bytes(0, is_wide=self.is_wide)
        proof = hashlib.md5(said + login.authenticator + self._settings.secret.encode()).digest()
        self.write(ANSWER | CONNECT, frame.sequence, said + proof + bytes([login.version]))
        self.is_in = True

    def _status(self, login: Login, now: datetime, is_full: Callable[[], bool]) -> int:
        settings = self._settings
        if login.version not in _VERSIONS or (login.version == _WIDE and settings.version != "3.0"):
            return _VERSION
        if login.source_addr != settings.source_addr:
            return _UNKNOWN_SOURCE
        asked = f"{login.timestamp:010d}"
        proof = hashlib.md5(login.source_addr.encode() + bytes(9) + settings.secret.encode() + asked.encode())
        if not hmac.compare_digest(proof.digest(), login.authenticator) or _is_off(asked, now, settings.clock_window):
            return _WRONG_SECRET
        return _TOO_MANY if is_full() else 0

    def _turn_away(self, frame: Frame, status: int) -> NoReturn:
        said = status_bytes(status, is_wide=self.is_wide) + bytes(16)
        version = _WIDE if self._settings.version == "3.0" else _VERSIONS[0]
        self.write(ANSWER | CONNECT, frame.sequence, said + bytes([version]))
        raise EOFError

    # ── talking ──

    def _take(self, frame: Frame) -> None:
        if frame.command == SUBMIT:
            self._start(self._submit(self, frame))
        elif frame.command == ANSWER | DELIVER:
            self._hear_answer(frame)
        elif frame.command == ACTIVE_TEST:
            self.write(ANSWER | ACTIVE_TEST, frame.sequence, b"\0")
        elif frame.command == TERMINATE:
            self.write(ANSWER | TERMINATE, frame.sequence)
            raise EOFError
        elif frame.command != ANSWER | ACTIVE_TEST:
            raise BadStructure

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def deliver(self, said: Delivery) -> bool:
        """See Line."""
        if not self.is_in:
            return False
        sequence = self._next()
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._delivers[sequence] = (said.msg_id, answer)
        self.write(DELIVER, sequence, deliver_body(said, is_wide=self.is_wide))
        try:
            return await answer
        finally:
            self._delivers.pop(sequence, None)

    def _hear_answer(self, frame: Frame) -> None:
        msg_id, answer = self._delivers.get(frame.sequence, (0, None))
        if answer is not None and not answer.done():
            answer.set_result(frame.body == msg_id.to_bytes(8, "big") + status_bytes(0, is_wide=self.is_wide))

    def write(self, command: int, sequence: int, body: bytes = b"") -> None:
        """It leaves, with whatever was held back before it."""
        held, self._held = self._held, b""
        self._writer.write(held + written(command, sequence, body))

    def answer_submit(self, frame: Frame, msg_id: int, result: int) -> None:
        """The SUBMIT has its answer."""
        self.unanswered.discard(frame.sequence)
        self.write(ANSWER | SUBMIT, frame.sequence, self._submit_body(msg_id, result))

    def _submit_body(self, msg_id: int, result: int) -> bytes:
        return msg_id.to_bytes(8, "big") + status_bytes(result, is_wide=self.is_wide)

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        return self._sequence

    # ── misbehaving ──

    async def spoil(self, frame: Frame, msg_id: int, drawn: frozenset[Mishap], slow_s: float) -> None:
        """The answer of an accepted SUBMIT leaves as the mishaps say, or does not."""
        if drawn & {Mishap.GARBAGE_BODY, Mishap.HTTP_502_AFTER}:
            self.garble()
        elif Mishap.RESET_AFTER in drawn:
            self.reset()
        elif Mishap.RESET_MID_BODY in drawn:
            self.is_in = False  # no report may follow the half
            self._writer.write(self._whole_answer(frame, msg_id)[:10])
            await asyncio.sleep(0.01)  # so that the half leaves before the reset discards it
            self.reset()
        elif Mishap.NO_ANSWER in drawn:
            return
        elif Mishap.FRAMES_TORN in drawn:
            self.unanswered.discard(frame.sequence)
            await self._tear(self._whole_answer(frame, msg_id))
        elif Mishap.FRAMES_GLUED in drawn:
            self.unanswered.discard(frame.sequence)
            self._held += self._whole_answer(frame, msg_id)
            await asyncio.sleep(_GLUED_FOR_S)
            held, self._held = self._held, b""
            self._writer.write(held)
        else:
            await asyncio.sleep(slow_s if Mishap.SLOW_BODY in drawn else 0)
            self.answer_submit(frame, msg_id, 0)

    def _whole_answer(self, frame: Frame, msg_id: int) -> bytes:
        return written(ANSWER | SUBMIT, frame.sequence, self._submit_body(msg_id, 0))

    async def _tear(self, whole: bytes) -> None:
        """Byte by byte, each a segment of its own if the network likes; nothing else comes in between."""
        plug: socket.socket = self._writer.get_extra_info("socket")
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in whole:
            self._writer.write(bytes([byte]))

    def garble(self) -> None:
        """What leaves is no CMPP at all."""
        self._writer.write(_HTML)

    def reset(self) -> None:
        """The peer sees a connection reset."""
        plug: socket.socket = self._writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def _is_off(asked: str, now: datetime, window: timedelta) -> bool:
    """Whether MMDDHHMMSS is further from now than it may be, in whichever year is nearest."""
    here = now.astimezone(BEIJING)
    for year in (here.year, here.year - 1, here.year + 1):
        try:
            then = datetime.strptime(f"{year}{asked}", "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        except ValueError:
            continue
        if abs(then - here) <= window:
            return False
    return True
