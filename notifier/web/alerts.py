"""提醒: what is wrong now, and what was wrong lately."""

from aiohttp import web

from notifier.accounts.roles import Permission
from notifier.store.alerts import list_alerts
from notifier.store.factors import FactorKind, factors_of
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import demand

_MOST = 100


async def alerts_page(request: web.Request) -> web.Response:
    """GET /alerts: the alerts of the region, those that go on first."""
    user, ledger = demand(request, Permission.OPERATE), request.app[DESK].ledger
    factors = await factors_of(ledger, user.name)
    return await render(
        request,
        "alerts.html",
        found=await list_alerts(ledger, user.region_code, _MOST),
        is_told=any(kind in factors and factors[kind].verified_at for kind in (FactorKind.PHONE, FactorKind.OPENID)),
    )


ROUTES = (web.get("/alerts", alerts_page),)
