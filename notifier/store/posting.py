"""Pushes by way of a postbox: sealed before they leave this process, and off the stream once the ledger has them."""

import asyncio
import json
from dataclasses import dataclass

import structlog

from notifier.domain.contracts import Postbox, Push
from notifier.domain.errors import BusError, SealError
from notifier.store.intake import Intake
from notifier.store.receipts import store_pushes
from notifier.store.sealing import Vault
from notifier.store.tables.columns import instant, stamp

_LOG = structlog.get_logger(__name__)
_PLACE = "postbox.sealed"
_NO_ROW = 0


@dataclass(frozen=True, slots=True)
class PostedIntake:
    """Where a process takes its pushes in that has a postbox: a ledger that is away loses none of them."""

    postbox: Postbox
    intake: Intake

    async def store(self, push: Push) -> bool:
        """As `Intake.store`: the push is durable when this returns, on the stream or, if that is away, in the ledger.

        Raises what the database raised when neither takes it.
        """
        key, sealed = packed(self.intake.ledger.vault, push)
        try:
            return await self.postbox.post(key, sealed)
        except BusError as error:
            _LOG.warning("push_not_posted", why=str(error))
            return await self.intake.store(push)

    async def bring(self) -> int:
        """Waits for posted pushes, and the ledger has them; how many. Raises what the database raises, and loses none.

        One that the keys at hand do not open stays on the stream.
        """
        async with self.postbox.collect() as posted:
            pushes = []
            for one in posted:
                try:
                    pushes.append(opened(self.intake.ledger.vault, one.sealed))
                except SealError:
                    one.stays = True
            if pushes:
                await store_pushes(self.intake.ledger, pushes)
            if n_shut := len(posted) - len(pushes):
                _LOG.error("pushes_not_opened", n=n_shut)
            return len(pushes)

    async def bring_for_ever(self, pause_s: float = 1.0) -> None:
        """`bring`, again and again until cancelled; while the ledger is away it is tried again after a pause."""
        while True:
            try:
                await self.bring()
            except Exception as error:  # noqa: BLE001  # a ledger that is away must not end the round
                _LOG.error("pushes_not_stored", kind=type(error).__name__)
                await asyncio.sleep(pause_s)


def packed(vault: Vault, push: Push) -> tuple[str, bytes]:
    """(what its repeats have alike, the push sealed); no personal data shows in either."""
    content = [push.gateway, dict(push.query), push.body.hex(), stamp(push.received_at), push.key, push.once]
    raw = json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
    same = json.dumps([push.gateway, dict(push.query), push.body.hex()], sort_keys=True)
    key = vault.blind("push", f"posted|{push.gateway}|{push.key or same}").hex()
    return key, vault.seal(_PLACE, _NO_ROW, raw)


def opened(vault: Vault, sealed: bytes) -> Push:
    """The reverse of `packed`. Raises SealError for what these keys do not open."""
    gateway, query, body, at, key, once = json.loads(vault.open(_PLACE, _NO_ROW, sealed))
    return Push(gateway, query, bytes.fromhex(body), instant(at), key, once)
