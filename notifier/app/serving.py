"""Running what is open: the front desk, the workers and the clock, until told to stop."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from notifier.app.alerting import alert_job
from notifier.app.looking import LookDesk
from notifier.app.opening import App
from notifier.app.people import binding_desk, consent_to_notices, farmer_desk
from notifier.app.uploading import UploadDesk
from notifier.bus import open_bus, open_postbox
from notifier.channels.wechat import official_account
from notifier.dispatch import step as dispatching
from notifier.dispatch.fast_lane import fast_lane, send_after_fast
from notifier.domain.benefits import AuditState
from notifier.domain.contracts import Bus, Push
from notifier.operate.retention import purge
from notifier.schedule import clock_table, ticking, working
from notifier.sources.headers import load_aliases
from notifier.sources.registry import load_pushers
from notifier.store.intake import Intake
from notifier.store.migrate import is_current
from notifier.store.posting import PostedIntake
from notifier.store.sharing import claim_tick
from notifier.watch import step as watching
from notifier.watch.pushing import PaymentPushDesk
from notifier.web.desk import FrontDesk
from notifier.web.server import serve_web


def front_desk(app: App, take_in: Callable[[Push], Awaitable[bool]] | None = None) -> FrontDesk:
    """What the web layer works with; pushes go straight into the ledger unless `take_in` takes them."""
    secret = app.settings.web.callback_secret.get_secret_value() or app.ledger.vault.callback_secret
    return FrontDesk(
        ledger=app.ledger,
        channels=app.channels,
        settings=app.settings.web,
        clock=app.clock,
        campaigns=app.campaigns,
        drafts=app.drafts,
        visits=app.visits,
        inquiries=app.inquiries,
        filings=app.filings,
        payments=_push_desk(app),
        receive_push=take_in or Intake(app.ledger).store,
        verify_wechat_url=account.verify_url if (account := official_account(app.channels)) else lambda _: None,
        schema_is_current=lambda: is_current(app.settings.ledger.url),
        callback_secret=secret,
        send_now=app.send_now,
        accounts=app.settings.accounts,
        registry=app.settings.registry,
        sources=LookDesk(app),
        uploads=UploadDesk(app.ledger, app.clock, app.settings),
        farmers=farmer_desk(app),
        followers=binding_desk(app),
        account=official_account(app.channels),
        consent=consent_to_notices(app),
    )


def _push_desk(app: App) -> PaymentPushDesk:
    of = app.settings
    aliases = load_aliases(of.registry.headers_file, "payments")
    final, pushers = AuditState(of.watch.final_audit), load_pushers(of.watch.folder)
    return PaymentPushDesk(app.ledger, app.clock, pushers, aliases, final, os.environ)


def _steps_of_the_clock(app: App, bus: Bus) -> dict[str, Callable[[], Awaitable[Any]]]:
    steps = dict(app.steps())

    async def compose_and_offer() -> None:
        await steps["compose"]()
        await dispatching.sweep(app.dispatching, bus)

    return steps | {
        "watch": lambda: watching.step(app.ledger, app.sources, app.clock, app.settings.watch, due_only=True),
        "compose": compose_and_offer,
        "sweep": lambda: dispatching.sweep(app.dispatching, bus),
        "purge": lambda: purge(
            app.ledger, app.clock.now(), app.settings.registry, app.settings.track, app.settings.watch
        ),
    }


@asynccontextmanager
async def _by_postbox(app: App, roles: frozenset[str]) -> AsyncIterator[Callable[[Push], Awaitable[bool]] | None]:
    """How the web role takes pushes in where there is a postbox; the worker role brings them into the ledger."""
    postbox = await open_postbox(app.settings.bus) if roles & {"web", "worker"} else None
    if postbox is None:
        yield None
        return
    posted = PostedIntake(postbox, Intake(app.ledger))
    bringing = asyncio.create_task(posted.bring_for_ever()) if "worker" in roles else None
    try:
        yield posted.store
    finally:
        if bringing is not None:
            bringing.cancel()
            await asyncio.gather(bringing, return_exceptions=True)
        await postbox.close()


async def serve(app: App, roles: frozenset[str], stop: asyncio.Event, on_ready: Callable[[str], None]) -> None:
    """Runs the roles (web, worker, clock) until `stop` is set; then nothing new is begun and what is in the air ends.

    `on_ready` hears the console's address, or "" without the web role. Raises ConfigError when it cannot start.
    """
    async with AsyncExitStack() as opened:
        bus = await open_bus(app.settings.bus)
        opened.push_async_callback(bus.close)
        take_in = await opened.enter_async_context(_by_postbox(app, roles))
        if "worker" in roles:
            await opened.enter_async_context(app.connections.kept_up())
            await opened.enter_async_context(fast_lane(app.dispatching))
            n_others = max(1, app.settings.dispatch.chunks_at_once - 1)  # one slot of several is the fast lane's
            await opened.enter_async_context(working(bus, partial(send_after_fast, app.dispatching), n_others))
            opened.callback(app.dispatching.stopping.set)
        if "clock" in roles:
            jobs = [*clock_table(_steps_of_the_clock(app, bus), app.settings.schedule), alert_job(app)]
            await opened.enter_async_context(ticking(jobs, partial(claim_tick, app.ledger), app.clock))
        address = await opened.enter_async_context(serve_web(front_desk(app, take_in))) if "web" in roles else ""
        on_ready(address)
        await stop.wait()
