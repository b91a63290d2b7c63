"""The bus between processes: a NATS JetStream work queue of chunk ids."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.errors import TimeoutError as NothingCame
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, RetentionPolicy, StreamConfig
from nats.js.errors import BadRequestError

from notifier.bus.connecting import connected

# The sweep offers a waiting chunk every few seconds; without this its repeats would pile up behind a long broadcast.
_REPEAT_WINDOW_S = 30.0
_HEARTBEAT_S = 10.0
_ACK_WAIT_S = 30.0
_POLL_S = 5.0
_TROUBLE_S = 1.0


class JetStreamBus:
    """Chunk ids on a durable stream; an id is acknowledged when its block ends normally."""

    def __init__(self, client: Client, stream: JetStreamContext, subject: str) -> None:
        self._client = client
        self._stream = stream
        self._subject = subject
        self._pull: JetStreamContext.PullSubscription | None = None

    @classmethod
    async def connect(cls, url: str, name: str) -> Self:
        """Connected, with its stream made if it was absent. Raises ConfigError when no server answers."""
        client = await connected(url)
        stream = client.jetstream()
        subject = f"{name}.chunk"
        config = StreamConfig(
            name=name, subjects=[subject], retention=RetentionPolicy.WORK_QUEUE, duplicate_window=_REPEAT_WINDOW_S
        )
        # Two processes may start at once; the one that comes second finds it made.
        with suppress(BadRequestError):
            await stream.add_stream(config)
        return cls(client, stream, subject)

    async def put(self, chunk_id: int) -> None:
        """The id is on the stream. A repeat within the window is dropped; a broker in trouble is left to the sweep."""
        with suppress(Error):
            await self._stream.publish(self._subject, str(chunk_id).encode(), headers={"Nats-Msg-Id": str(chunk_id)})

    @asynccontextmanager
    async def take(self) -> AsyncIterator[int]:
        """Waits for an id. While the block runs the broker is told so; when it fails, the id is offered again."""
        message = await self._next()
        beating = asyncio.create_task(self._beat(message))
        try:
            yield int(message.data)
        except BaseException:
            with suppress(Error):
                await message.nak()
            raise
        else:
            with suppress(Error):
                await message.ack()
        finally:
            beating.cancel()

    async def _next(self) -> Msg:
        while True:
            try:
                if self._pull is None:
                    self._pull = await self._stream.pull_subscribe(
                        self._subject, durable="workers", config=ConsumerConfig(ack_wait=_ACK_WAIT_S, max_deliver=-1)
                    )
                (message,) = await self._pull.fetch(1, timeout=_POLL_S)
                return message
            except NothingCame:
                continue
            except Error:
                # A broker that restarts, or forgot the consumer: a worker must outlive it, the ledger has the work.
                self._pull = None
                await asyncio.sleep(_TROUBLE_S)

    async def _beat(self, message: Msg) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            with suppress(Error):
                await message.in_progress()

    async def close(self) -> None:
        """The connection is closed; ids under way are offered to others after their wait. Safe to repeat."""
        await self._client.close()
