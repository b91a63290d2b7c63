"""总览, 通知任务 and their drill-down: pages, fragments, the workbook and the JSON of the rate."""

from typing import Any
from urllib.parse import quote

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.campaigns.drafting import Weight
from notifier.campaigns.levels import LEVEL_TEXT
from notifier.domain.errors import InputError
from notifier.domain.gateway_state import in_one_line
from notifier.domain.lifecycle import CampaignState
from notifier.domain.regions import level_of
from notifier.report.rate import campaign_figures, rate_report
from notifier.report.rates import Figures
from notifier.report.workbook import write_workbook
from notifier.store.campaigns import CampaignRow, campaign
from notifier.store.gateways import remembered
from notifier.store.reporting import CampaignLine, campaigns, region_names, unreached_households
from notifier.store.retrying import n_retriable
from notifier.store.reviews import past_reviews
from notifier.store.visit_list import count_visits
from notifier.web.charts import chart
from notifier.web.desk import DESK
from notifier.web.pages import render, render_part
from notifier.web.sessions import USER, demand, demand_region

MOST_HOUSEHOLDS = 500
BUSY = (CampaignState.RUNNING.value, CampaignState.APPROVED.value, CampaignState.PAUSED.value)
"""The states in which figures move by themselves."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def _overview(request: web.Request) -> dict[str, Any]:
    user = request[USER]
    ledger = request.app[DESK].ledger
    lines = [line for line in await campaigns(ledger) if is_seen(user, line)]
    found = await campaign_figures(ledger, user.region_code)
    figures = {line.campaign_id: found.get(line.campaign_id, Figures()) for line in lines}
    total = Figures()
    for one in figures.values():
        for state, n in (("reached", one.reached), ("unreached", one.unreached), ("pending", one.pending)):
            total.add(state, "", n)
        total.add("excused", "", one.excused)
        total.owed += one.owed
    return {
        "lines": lines,
        "figures": figures,
        "total": total,
        "is_busy": any(line.state in BUSY for line in lines),
        "n_in_review": sum(line.state == CampaignState.IN_REVIEW.value for line in lines),
        "n_visits": await count_visits(ledger, user.region_code),
        "gateways": in_one_line(await remembered(ledger)),
        "now": request.app[DESK].clock.now(),
    }


async def overview(request: web.Request) -> web.Response:
    """GET /: every campaign of the user's region with progress and rate."""
    names = await region_names(request.app[DESK].ledger)
    region = names.get(request[USER].region_code, request[USER].region_code)
    return await render(request, "overview.html", region=region, **await _overview(request))


async def overview_part(request: web.Request) -> web.Response:
    """GET /part: the same figures as a fragment."""
    return await render_part(request, "_overview.html", **await _overview(request))


def is_seen(user: User, line: CampaignLine) -> bool:
    """True when the campaign is of the user's region, of one inside it or around it, or of the whole county."""
    return line.region_code is None or user.touches(line.region_code)


def is_whole_in_scope(user: User, line: CampaignLine) -> bool:
    """True when all that the campaign reaches lies in the user's scope, so that they may act on it."""
    if line.region_code is None:
        return level_of(user.region_code) in ("county", "city", "province")
    return user.sees(line.region_code)


async def seen_campaign(request: web.Request) -> CampaignLine:
    """The campaign of the path. Raises HTTPNotFound when there is none or the user does not see it."""
    campaign_id = path_number(request, "campaign")
    lines = await campaigns(request.app[DESK].ledger, campaign_id)
    if not lines or not is_seen(request[USER], lines[0]):
        raise web.HTTPNotFound
    return lines[0]


def path_number(request: web.Request, name: str) -> int:
    """The number in the path; the routes let digits through only, and the ledger no more than 63 bits."""
    found = int(request.match_info[name])
    if found >= 1 << 63:
        raise web.HTTPNotFound
    return found


async def _report(request: web.Request, line: CampaignLine, *, counted: bool) -> dict[str, Any]:
    user = request[USER]
    region_code = demand_region(user, request.query.get("region"))
    report = await rate_report(request.app[DESK].ledger, line.campaign_id, region_code, counted=counted)
    async with request.app[DESK].ledger.reading() as c:
        row = await campaign(c, line.campaign_id)
    drives = user.may(Permission.DRIVE) and is_whole_in_scope(user, line)
    return {
        "line": line,
        "weight": await _weight(request, line) if drives else None,
        "row": row,
        "report": report,
        "chart": chart(report),
        "region_code": region_code,
        "is_busy": line.state in BUSY,
        "drives": drives,
        "per_minute": None,
        "now": request.app[DESK].clock.now(),
        "LEVEL_NAME": LEVEL_TEXT,
    }


async def _weight(request: web.Request, line: CampaignLine) -> Weight | None:
    """What a launch would set going; None for what cannot be launched."""
    if line.state != CampaignState.APPROVED.value:
        return None
    try:
        return await request.app[DESK].drafts.weigh_launch(line.campaign_id)
    except InputError:
        return None


async def live_report(request: web.Request, line: CampaignLine) -> dict[str, Any]:
    """What the moving part of the campaign's page shows, uncounted; `report`, `chart` and `line` change with a look."""
    return await _report(request, line, counted=False)


async def campaign_page(request: web.Request) -> web.Response:
    """GET /campaigns/{campaign}: the report of the campaign in the user's region or in ?region= inside it."""
    line = await seen_campaign(request)
    user, ledger = request[USER], request.app[DESK].ledger
    known = await _report(request, line, counted=True)
    row: CampaignRow = known["row"]
    is_told = line.state in (CampaignState.RUNNING.value, CampaignState.FINISHED.value)
    is_over = line.state in (CampaignState.FINISHED.value, CampaignState.CANCELLED.value)
    wakes = user.may(Permission.EMERGENCY) and is_whole_in_scope(user, line) and row.created_by != user.name
    return await render(
        request,
        "campaign.html",
        history=await past_reviews(ledger, line.campaign_id),
        retriable=await n_retriable(ledger, line.campaign_id) if is_told and known["drives"] else {},
        may_wake=wakes and not is_over and row.emergency_by is None,
        writes=user.may(Permission.DRAFT) and line.state in ("draft", "returned") and known["drives"],
        **known,
    )


async def households_page(request: web.Request) -> web.Response:
    """GET /campaigns/{campaign}/unreached?region=: who was not reached there, masked, with reason and visit."""
    line = await seen_campaign(request)
    ledger = request.app[DESK].ledger
    region_code = demand_region(request[USER], request.query.get("region"))
    found = await unreached_households(ledger, line.campaign_id, region_code, MOST_HOUSEHOLDS)
    names = await region_names(ledger)
    return await render(
        request, "households.html", line=line, region_code=region_code, found=found, names=names, most=MOST_HOUSEHOLDS
    )


async def campaign_workbook(request: web.Request) -> web.Response:
    """GET /campaigns/{campaign}/report.xlsx?region=: the report as a workbook, names masked."""
    demand(request, Permission.READ)
    line = await seen_campaign(request)
    ledger = request.app[DESK].ledger
    region_code = demand_region(request[USER], request.query.get("region"))
    content = await write_workbook(
        ledger, await rate_report(ledger, line.campaign_id, region_code), request.app[DESK].clock.now()
    )
    name = quote(f"通知率-{line.title}.xlsx")
    disposition = f"attachment; filename=\"report-{line.campaign_id}.xlsx\"; filename*=UTF-8''{name}"
    return web.Response(body=content, content_type=_XLSX, headers={"Content-Disposition": disposition})


ROUTES = (
    web.get("/", overview),
    web.get("/part", overview_part),
    web.get(r"/campaigns/{campaign:\d{1,19}}", campaign_page),
    web.get(r"/campaigns/{campaign:\d{1,19}}/unreached", households_page),
    web.get(r"/campaigns/{campaign:\d{1,19}}/report.xlsx", campaign_workbook),
)
