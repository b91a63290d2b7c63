"""One TCP connection to a gateway, let in by CONNECT: a window of SUBMITs, signs of life, and DELIVERs answered."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from notifier.channels.cmpp.frames import HEADER, Splitter, head, pack, unpack, unpack_either
from notifier.channels.cmpp.octets import V20, V30, Dialect, Malformed
from notifier.channels.cmpp.pdus import (
    ActiveTest,
    ActiveTestResp,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Pdu,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
)
from notifier.channels.cmpp.protocol import Account
from notifier.channels.cmpp.signing import is_from_ismg, sign_source, timestamp
from notifier.domain.contracts import Clock
from notifier.domain.errors import NotifierError
from notifier.wire import Lost, NotSent

_LOG = structlog.get_logger(__name__)
WINDOW = 16
"""Unanswered SUBMITs on a connection at most; the protocol's own number."""
_TRIES = 3  # signs of life that go unanswered before the connection counts as dead
_HEARERS = 16  # DELIVERs that are being stored at once; what comes together is stored together
_MOST_WAITING = 1000  # DELIVERs not stored yet; one beyond is not answered, and comes again
_FAREWELL_S = 1.0
_NARROW_CONNECT_RESP = HEADER.size + 1 + 16 + 1

Late = Callable[[SubmitResp], None]
"""Hears an answer that came after the time in which it would have counted."""
Hear = Callable[[bytes, Dialect], Awaitable[object]]
"""Takes a whole DELIVER; it is answered once this returned, and comes again if this raises."""


class TurnedAway(NotifierError):
    """The gateway answered CONNECT with this status, not 0."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the gateway does not let the account in: status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Terms:
    """Where the gateway is and how long things may take."""

    host: str
    port: int
    connect_timeout: timedelta
    answer_timeout: timedelta
    heartbeat: timedelta
    reconnect_after: timedelta


class _Stream:
    """Whole frames out of a TCP stream, and into it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._splitter = Splitter()
        self._ready: deque[bytes] = deque()

    async def frame(self) -> bytes:
        """The next one. Raises Lost: at the end, and when what comes is no CMPP."""
        while not self._ready:
            try:
                received = await self._reader.read(65536)
                if not received:
                    raise Lost("disconnected")
                self._ready.extend(self._splitter.feed(received))
            except OSError:
                raise Lost("reset") from None
            except Malformed:
                raise Lost("garbage") from None
        return self._ready.popleft()


async def open_session(terms: Terms, account: Account, clock: Clock) -> "Session":
    """A connection that was let in. Raises NotSent (no connection), Lost (no usable answer), TurnedAway."""
    try:
        async with asyncio.timeout(terms.connect_timeout.total_seconds()):
            stream = _Stream(*await asyncio.open_connection(terms.host, terms.port))
    except TimeoutError:
        raise NotSent("connect_timeout") from None
    except OSError:
        raise NotSent("refused") from None
    try:
        async with asyncio.timeout(terms.answer_timeout.total_seconds()):
            return Session(stream, await _let_in(stream, account, clock), terms)
    except TimeoutError:
        stream.writer.close()
        raise Lost("timeout") from None
    except BaseException:
        stream.writer.close()
        raise


async def _let_in(stream: _Stream, account: Account, clock: Clock) -> Dialect:
    """The dialect that the gateway answers in, which is the session's."""
    stamp = timestamp(clock.now())
    ours = sign_source(account.source_addr, account.secret, stamp)
    asking = Connect(account.source_addr, ours, account.dialect.number, stamp)
    stream.writer.write(pack(asking, 1, account.dialect))
    frame = await stream.frame()
    dialect = V20 if len(frame) == _NARROW_CONNECT_RESP else V30
    try:
        answer = unpack(frame, dialect).pdu
    except Malformed:
        raise Lost("garbage") from None
    if not isinstance(answer, ConnectResp):
        raise Lost("garbage")
    if answer.status:
        raise TurnedAway(answer.status)
    status = answer.status.to_bytes(4 if dialect.is_wide else 1, "big")
    if not is_from_ismg(status, answer.authenticator, ours, account.secret):
        raise Lost("not_the_gateway")
    return dialect


class Session:
    """A connection that was let in; it works while `serve` runs."""

    def __init__(self, stream: _Stream, dialect: Dialect, terms: Terms) -> None:
        self._stream = stream
        self._dialect = dialect
        self._terms = terms
        self._sequence = 1
        self._free = asyncio.Semaphore(WINDOW)
        self._asked: dict[int, tuple[asyncio.Future[SubmitResp], Late | None]] = {}
        self._delivers: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)
        self._heard_at = asyncio.get_running_loop().time()
        self._agreed = asyncio.Event()
        self.is_over = False

    async def submit(self, pdu: Submit, late: Late | None = None) -> SubmitResp:
        """The answer; waits for its place in the window first. Called again it is another message.

        `late` hears the answer if it comes after this has raised Lost, while the connection lasts.

        Raises Malformed and NotSent when no byte left, Lost when bytes left and no answer came in time.
        """
        await self._free.acquire()
        if self.is_over:
            self._free.release()  # the next one that waits learns it too
            raise NotSent("disconnected")
        answer: asyncio.Future[SubmitResp] = asyncio.get_running_loop().create_future()
        try:
            sequence = self._write(pdu)
        except Malformed:
            self._free.release()
            raise
        self._asked[sequence] = answer, late
        try:
            async with asyncio.timeout(self._terms.answer_timeout.total_seconds()):
                return await answer
        except TimeoutError:
            # Its place stays taken, as the gateway may well count it; with no place left the connection is useless.
            if len(self._asked) >= WINDOW and all(one.done() for one, _ in self._asked.values()):
                self._stream.writer.transport.abort()
            raise Lost("timeout") from None

    async def serve(self, hear: Hear) -> None:
        """The conversation, until it ends: raises Lost. Cancelled, it ends with TERMINATE."""
        work = [self._listen(), self._beat(), *(self._answer_delivers(hear) for _ in range(_HEARERS))]
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        except asyncio.CancelledError:
            await self._say_goodbye()
            raise
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self._end(next((one for one in ended if isinstance(one, Lost)), Lost("disconnected")))

    def _end(self, why: Lost) -> None:
        self.is_over = True
        for answer, _ in self._asked.values():
            if not answer.done():
                answer.set_exception(Lost(why.code))
        self._asked.clear()
        self._free.release()
        self._stream.writer.close()

    async def _say_goodbye(self) -> None:
        self._write(Terminate())
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._agreed.wait()

    def _write(self, pdu: Pdu, sequence: int | None = None) -> int:
        """The sequence it went out under: its own, or that of the request it answers. Raises Malformed."""
        if sequence is None:
            sequence = self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        self._stream.writer.write(pack(pdu, sequence, self._dialect))
        return sequence

    async def _listen(self) -> None:
        while True:
            frame = await self._stream.frame()
            self._heard_at = asyncio.get_running_loop().time()
            _, command, sequence = head(frame)
            if command == Deliver.COMMAND:
                with suppress(asyncio.QueueFull):
                    self._delivers.put_nowait(frame)
            elif command == SubmitResp.COMMAND:
                self._take_answer(frame, sequence)
            elif command == ActiveTest.COMMAND:
                self._write(ActiveTestResp(), sequence)
            elif command == TerminateResp.COMMAND:
                self._agreed.set()
            elif command == Terminate.COMMAND:
                self._write(TerminateResp(), sequence)
                raise Lost("terminated")

    def _take_answer(self, frame: bytes, sequence: int) -> None:
        if sequence not in self._asked:
            return
        answer, late = self._asked.pop(sequence)
        self._free.release()
        try:
            read = unpack_either(frame, self._dialect).pdu
            assert isinstance(read, SubmitResp), "the command says so"
        except Malformed:
            if not answer.done():
                answer.set_exception(Lost("garbage"))
            return
        if not answer.done():
            answer.set_result(read)
        elif late is not None:
            late(read)

    async def _beat(self) -> None:
        """A connection on which nothing comes is asked for a sign of life, and given up after three."""
        every = self._terms.heartbeat.total_seconds()
        loop = asyncio.get_running_loop()
        n_unanswered, asked_at = 0, float("-inf")
        while True:
            await asyncio.sleep(every)
            if self._heard_at > asked_at:
                n_unanswered = 0
            if loop.time() - self._heard_at < every:
                continue
            if n_unanswered == _TRIES:
                raise Lost("no_sign_of_life")
            n_unanswered, asked_at = n_unanswered + 1, loop.time()
            self._write(ActiveTest())

    async def _answer_delivers(self, hear: Hear) -> None:
        while True:
            frame = await self._delivers.get()
            try:
                await hear(frame, self._dialect)
            except Exception as error:  # noqa: BLE001  # not stored: it is not answered, and comes again
                _LOG.error("deliver_not_stored", kind=type(error).__name__)
                continue
            _, _, sequence = head(frame)
            msg_id = int.from_bytes(frame[HEADER.size : HEADER.size + 8], "big")
            self._write(DeliverResp(msg_id), sequence)
