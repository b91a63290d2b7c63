"""What providers pushed, sealed, on a durable stream of its own until the ledger has it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.errors import TimeoutError as NothingCame
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from notifier.bus.connecting import connected
from notifier.domain.contracts import Posted
from notifier.domain.errors import BusError
from notifier.domain.settings import BusSettings

_ANSWER_S = 2.0
"""Providers wait five seconds in all, and the ledger is still to be tried when the stream does not answer."""
_MOST = 200
_ACK_WAIT_S = 60.0
_POLL_S = 5.0
_TROUBLE_S = 1.0
_STAYS_S = 60.0


class JetStreamPushes:
    """Raw pushes between the web role and who stores them; a `Postbox`."""

    def __init__(self, client: Client, stream: JetStreamContext, subject: str) -> None:
        self._client = client
        self._stream = stream
        self._subject = subject
        self._pull: JetStreamContext.PullSubscription | None = None

    @classmethod
    async def connect(cls, settings: BusSettings) -> Self:
        """Connected, with its stream made if it was absent. Raises ConfigError when no server answers."""
        client = await connected(settings.url)
        stream = client.jetstream()
        name = f"{settings.stream}_PUSH"
        subject = f"{settings.stream}.push"
        config = StreamConfig(
            name=name,
            subjects=[subject],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=settings.replicas,
        )
        # Two processes may start at once; the one that comes second finds it made.
        with suppress(BadRequestError):
            await stream.add_stream(config)
        return cls(client, stream, subject)

    async def post(self, key: str, sealed: bytes) -> bool:
        """See `Postbox.post`: the broker has written it to disk, on as many servers as `bus.replicas` says."""
        if not self._client.is_connected:
            raise BusError("the broker is away")
        try:
            answer = await self._stream.publish(self._subject, sealed, timeout=_ANSWER_S, headers={"Nats-Msg-Id": key})
        except (Error, OSError, TimeoutError) as error:
            raise BusError(f"the stream did not take a push ({type(error).__name__})") from None
        return not answer.duplicate

    @asynccontextmanager
    async def collect(self) -> AsyncIterator[Sequence[Posted]]:
        """See `Postbox.collect`."""
        messages = await self._next()
        posted = [Posted(message.data) for message in messages]
        try:
            yield posted
        except BaseException:
            for message in messages:
                with suppress(Error):
                    await message.nak(_TROUBLE_S)
            raise
        for message, one in zip(messages, posted, strict=True):
            with suppress(Error):  # what it does not hear comes again, and is known by then
                await (message.nak(_STAYS_S) if one.stays else message.ack())

    async def _next(self) -> Sequence[Msg]:
        while True:
            try:
                if self._pull is None:
                    self._pull = await self._stream.pull_subscribe(
                        self._subject, durable="ledger", config=ConsumerConfig(ack_wait=_ACK_WAIT_S, max_deliver=-1)
                    )
                return await self._pull.fetch(_MOST, timeout=_POLL_S)
            except NothingCame:
                continue
            except Error:
                self._pull = None
                await asyncio.sleep(_TROUBLE_S)

    async def close(self) -> None:
        """The connection is closed; what was not stored stays on the stream. Safe to repeat."""
        with suppress(OSError):  # of a broker that is away
            await self._client.close()
