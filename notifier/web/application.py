"""The front desk put together: routes and what stands before them."""

from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler

from notifier.web import callbacks, deeds, entrance, inquiries, probes, queues, reports
from notifier.web.desk import DESK, FrontDesk
from notifier.web.guards import guard
from notifier.web.pages import set_up_pages
from notifier.web.sessions import cookie_middleware, know_the_user, refuse_foreign_forms

LARGEST_BODY = 1024 * 1024
_CAMPAIGN = r"/campaigns/{campaign:\d{1,19}}"


def build_web(desk: FrontDesk) -> web.Application:
    """The front desk, ready to be served. Serve it without an access log: callback paths hold the secret."""
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[guard, cookie_middleware(desk), know_the_user, refuse_foreign_forms],
    )
    app[DESK] = desk
    set_up_pages(app)
    app.add_routes(_for_machines() + _for_people())
    return app


def _for_machines() -> list[web.RouteDef]:
    return [
        web.get("/health", probes.health),
        web.get("/ready", probes.ready),
        web.get("/metrics", make_aiohttp_handler()),
        web.get("/callbacks/wechat/{secret}", callbacks.shake_hands),
        web.post("/callbacks/{gateway}/{secret}", callbacks.take_push),
        web.get("/api/report", reports.report_json),
        web.get("/api/campaigns", reports.campaigns_json),
    ]


def _for_people() -> list[web.RouteDef]:
    return [
        web.get("/login", entrance.show_login),
        web.post("/login", entrance.do_login),
        web.post("/logout", entrance.do_logout),
        web.get("/", reports.overview),
        web.get("/part", reports.overview_part),
        web.get(_CAMPAIGN, reports.campaign_page),
        web.get(_CAMPAIGN + "/part", reports.campaign_part),
        web.get(_CAMPAIGN + "/unreached", reports.households_page),
        web.get(_CAMPAIGN + "/report.xlsx", reports.campaign_workbook),
        web.post(_CAMPAIGN + "/{deed:launch|pause|resume|cancel}", deeds.drive),
        web.post(_CAMPAIGN + "/review", deeds.do_review),
        web.get("/reviews", deeds.reviews_page),
        web.get("/matching", queues.matching_page),
        web.post(r"/matching/{payment:\d{1,19}}/{deed:resolve|refuse}", queues.do_match),
        web.get("/visits", queues.visits_page),
        web.get("/inquiries", inquiries.inquiries_page),
        web.post(r"/inquiries/{inquiry:\d{1,19}}/{deed:answer|close|reopen}", inquiries.do_inquiry),
        web.post(r"/visits/{visit:\d{1,19}}/{deed:sign|excuse|confirm}", queues.do_visit),
    ]
