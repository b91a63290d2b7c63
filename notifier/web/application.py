"""The front desk put together: routes and what stands before them."""

from collections.abc import Iterable
from functools import partial

from aiohttp import web

from notifier.store.looking_on import look_at
from notifier.web import (
    account,
    alerts,
    api,
    api_document,
    binding,
    callbacks,
    contacts,
    correcting,
    deeds,
    draft_audience,
    draft_check,
    draft_list,
    draft_papers,
    draft_words,
    drafts,
    entrance,
    farmer,
    filings,
    help,
    household,
    inquiries,
    keys,
    live,
    mine,
    officer,
    people,
    policies,
    probes,
    pushes,
    queues,
    registry,
    reports,
    sources,
    staff_wechat,
    trail,
    uploads,
    visitors,
)
from notifier.web.desk import DESK, FrontDesk
from notifier.web.guards import guard
from notifier.web.pages import set_up_pages
from notifier.web.sessions import cookie_middleware, know_the_user, refuse_foreign_forms
from notifier.web.upload_desk import UploadDesk
from notifier.web.voice import Voice
from notifier.web.watchers import WATCHERS, Watchers

LARGEST_BODY = 1024 * 1024
ROUTES: tuple[Iterable[web.RouteDef], ...] = (
    probes.ROUTES,
    callbacks.ROUTES,
    entrance.ROUTES,
    account.ROUTES,
    people.ROUTES,
    keys.ROUTES,
    trail.ROUTES,
    alerts.ROUTES,
    api.ROUTES,
    api_document.ROUTES,
    reports.ROUTES,
    live.ROUTES,
    deeds.ROUTES,
    drafts.ROUTES,
    draft_words.ROUTES,
    draft_audience.ROUTES,
    draft_check.ROUTES,
    draft_list.ROUTES,
    draft_papers.ROUTES,
    queues.ROUTES,
    officer.ROUTES,
    farmer.ROUTES,
    visitors.ROUTES,
    staff_wechat.ROUTES,
    binding.ROUTES,
    mine.ROUTES,
    inquiries.ROUTES,
    filings.ROUTES,
    pushes.ROUTES,
    registry.ROUTES,
    household.ROUTES,
    correcting.ROUTES,
    uploads.ROUTES,
    sources.ROUTES,
    policies.ROUTES,
    contacts.ROUTES,
    help.ROUTES,
)
"""Each module of pages, and the addresses it answers."""


def build_web(desk: FrontDesk) -> web.Application:
    """The front desk, ready to be served. Serve it without an access log: callback paths hold the secret."""
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[guard, cookie_middleware(desk), know_the_user, refuse_foreign_forms],
    )
    app[DESK] = desk
    app[api_document.MADE] = {}
    app[WATCHERS] = Watchers(partial(look_at, desk.ledger))
    app.on_shutdown.append(app[WATCHERS].end)
    app[farmer.VOICE] = Voice()
    set_up_pages(app)
    if desk.uploads is not None:
        app.on_shutdown.append(partial(_close, desk.uploads))
    for routes in ROUTES:
        app.add_routes(routes)
    return app


async def _close(uploads_desk: UploadDesk, _: web.Application) -> None:
    await uploads_desk.close()
