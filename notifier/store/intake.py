"""Pushes that come at the same time are stored together: one transaction for all, each answered when it is durable."""

import asyncio
from dataclasses import dataclass, field

from notifier.domain.contracts import Push
from notifier.store.ledger import Ledger
from notifier.store.receipts import store_pushes

_MOST = 200


@dataclass(slots=True)
class Intake:
    """Where one process takes its pushes in. A provider that pushes one event a call would else wait for each."""

    ledger: Ledger
    _waiting: list[tuple[Push, asyncio.Future[bool]]] = field(default_factory=list, repr=False)
    _storing: asyncio.Task[None] | None = field(default=None, repr=False)

    async def store(self, push: Push) -> bool:
        """As `store_push`: the push is durable when this returns; raises what the database raised for its batch."""
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((push, stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting())
        return await stored

    async def _store_waiting(self) -> None:
        """Runs until nobody waits; what comes while a batch is written goes into the next."""
        while batch := self._waiting[:_MOST]:
            del self._waiting[:_MOST]
            try:
                news = await store_pushes(self.ledger, [push for push, _ in batch])
            except Exception as error:  # noqa: BLE001  # each of them must hear that it is not stored
                for _, stored in batch:
                    if not stored.done():
                        stored.set_exception(error)
                continue
            for (_, stored), is_new in zip(batch, news, strict=True):
                if not stored.done():
                    stored.set_result(is_new)
