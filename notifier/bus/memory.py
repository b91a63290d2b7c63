"""The bus of one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryBus:
    """A queue of chunk ids; an id that already waits is not queued again."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[int] = asyncio.Queue()
        self._waiting: set[int] = set()

    async def put(self, chunk_id: int) -> None:
        """The id waits for a worker. Safe to repeat."""
        if chunk_id not in self._waiting:
            self._waiting.add(chunk_id)
            self._queue.put_nowait(chunk_id)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[int]:
        """The oldest waiting id; when the block fails, the id waits again, behind the others."""
        chunk_id = await self._queue.get()
        self._waiting.discard(chunk_id)
        try:
            yield chunk_id
        except BaseException:
            await self.put(chunk_id)
            raise

    async def close(self) -> None:
        """What still waits is forgotten: the ledger knows it. Safe to repeat."""
        self._waiting.clear()
        while not self._queue.empty():
            self._queue.get_nowait()
