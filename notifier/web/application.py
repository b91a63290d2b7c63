"""The front desk put together: routes and what stands before them."""

from collections.abc import Iterable

from aiohttp import web

from notifier.web import (
    callbacks,
    correcting,
    deeds,
    entrance,
    farmer,
    filings,
    household,
    inquiries,
    officer,
    probes,
    queues,
    registry,
    reports,
)
from notifier.web.desk import DESK, FrontDesk
from notifier.web.guards import guard
from notifier.web.pages import set_up_pages
from notifier.web.sessions import cookie_middleware, know_the_user, refuse_foreign_forms
from notifier.web.voice import Voice

LARGEST_BODY = 1024 * 1024
ROUTES: tuple[Iterable[web.RouteDef], ...] = (
    probes.ROUTES,
    callbacks.ROUTES,
    entrance.ROUTES,
    reports.ROUTES,
    deeds.ROUTES,
    queues.ROUTES,
    officer.ROUTES,
    farmer.ROUTES,
    inquiries.ROUTES,
    filings.ROUTES,
    registry.ROUTES,
    household.ROUTES,
    correcting.ROUTES,
)
"""Each module of pages, and the addresses it answers."""


def build_web(desk: FrontDesk) -> web.Application:
    """The front desk, ready to be served. Serve it without an access log: callback paths hold the secret."""
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[guard, cookie_middleware(desk), know_the_user, refuse_foreign_forms],
    )
    app[DESK] = desk
    app[farmer.VOICE] = Voice()
    set_up_pages(app)
    for routes in ROUTES:
        app.add_routes(routes)
    return app
