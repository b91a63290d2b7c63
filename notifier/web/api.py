"""The JSON API that other systems read with a key: reports, households' states, visits, inquiries; masked throughout.

A key sees its region and below; what lies outside is 404, as if it were not there.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal, TypeAlias

from aiohttp import web
from aiohttp_pydantic.decorator import inject_params
from aiohttp_pydantic.oas.typing import r200, r400, r401, r403, r404
from pydantic import BaseModel, Field, ValidationError

from notifier.accounts.roles import Permission
from notifier.report.rate import campaign_figures, rate_report
from notifier.report.rates import Figures
from notifier.store.inquiries import Sift, list_inquiries
from notifier.store.owed_list import list_owed
from notifier.store.reporting import CampaignLine, campaigns, region_names
from notifier.store.visit_list import open_visits
from notifier.web.api_shapes import (
    After,
    AnyNumber,
    CampaignList,
    HouseholdList,
    InquiryList,
    Number,
    Problem,
    RegionCode,
    RegionList,
    ReportShape,
    VisitList,
    told,
)
from notifier.web.desk import DESK
from notifier.web.reports import is_seen
from notifier.web.sessions import USER, demand, demand_region

PAGE = 100
State = Annotated[
    Literal["", "pending", "reached", "unreached", "excused"], Field(description="只要这种状态；不填为全部")
]
Refusal: TypeAlias = r400[Problem] | r401[Problem] | r403[Problem] | r404[Problem]


def _answer(shape: type[BaseModel], values: Any) -> web.Response:
    return web.Response(text=told(shape, values), content_type="application/json")


async def report(request: web.Request, campaign: AnyNumber = 0, region: RegionCode = "") -> r200[ReportShape] | Refusal:
    """通知率报告

    一个任务（campaign，不填或 0 为全部任务）在一个地区的通知率，附各乡镇、各村和未通知原因。

    Tags: 通知率
    """
    user = demand(request, Permission.READ)
    region_code = demand_region(user, region)
    if campaign:
        await _seen(request, campaign)
    # All that was ever owed is not counted beside the counts: each campaign's own report does that.
    found = await rate_report(request.app[DESK].ledger, campaign or None, region_code, counted=bool(campaign))
    return _answer(ReportShape, found.as_json())


async def campaign_list(request: web.Request) -> r200[CampaignList] | r401[Problem] | r403[Problem]:
    """通知任务

    看得到的全部通知任务，新的在前，附本地区的统计。

    Tags: 通知任务
    """
    user, ledger = demand(request, Permission.READ), request.app[DESK].ledger
    figures = await campaign_figures(ledger, user.region_code)
    seen = [line for line in await campaigns(ledger) if is_seen(user, line)]
    rows = [_campaign(line, figures.get(line.campaign_id, Figures())) for line in seen]
    return _answer(CampaignList, {"campaigns": rows})


async def campaign_report(
    request: web.Request, campaign: Number, /, region: RegionCode = ""
) -> r200[ReportShape] | Refusal:
    """一个任务的报告

    与 /api/report 相同，任务编号在网址里。

    Tags: 通知任务
    """
    user = demand(request, Permission.READ)
    await _seen(request, campaign)
    found = await rate_report(request.app[DESK].ledger, campaign, demand_region(user, region))
    return _answer(ReportShape, found.as_json())


async def households(
    request: web.Request, campaign: Number, /, region: RegionCode = "", state: State = "", after: After = 0
) -> r200[HouseholdList] | Refusal:
    """一个任务的农户状态

    每页 100 户，按农户编号；姓名已脱敏。

    Tags: 通知任务
    """
    user = demand(request, Permission.READ)
    await _seen(request, campaign)
    scope = demand_region(user, region), state
    found = await list_owed(request.app[DESK].ledger, campaign, scope, after, PAGE)
    return _answer(HouseholdList, _page("households", found, "household_id"))


async def visits(request: web.Request, region: RegionCode = "", after: After = 0) -> r200[VisitList] | Refusal:
    """待办的入户任务

    每页 100 个，姓名和电话已脱敏。

    Tags: 入户
    """
    user = demand(request, Permission.VISIT)
    found = await open_visits(request.app[DESK].ledger, demand_region(user, region), after=after, most=PAGE)
    return _answer(VisitList, _page("visits", found, "visit_id"))


async def inquiries(
    request: web.Request, region: RegionCode = "", settled: bool = False, after: After = 0
) -> r200[InquiryList] | Refusal:
    """咨询、投诉、建议

    待办的，或 settled=true 时已办结的；每页 100 件，文字已脱敏。

    Tags: 咨询
    """
    user = demand(request, Permission.ANSWER)
    region_code = demand_region(user, region)
    found = await list_inquiries(request.app[DESK].ledger, region_code, Sift(settled), after=after, most=PAGE)
    return _answer(InquiryList, _page("inquiries", found, "inquiry_id"))


async def regions(request: web.Request) -> r200[RegionList] | r401[Problem] | r403[Problem]:
    """行政区划

    密钥或用户看得到的行政区划。

    Tags: 行政区划
    """
    user = demand(request, Permission.READ)
    names = await region_names(request.app[DESK].ledger)
    return _answer(RegionList, {"regions": [{"code": c, "name": name} for c, name in names.items() if user.sees(c)]})


async def _seen(request: web.Request, campaign_id: int) -> None:
    """Nothing when the campaign is there for the user. Raises HTTPNotFound."""
    lines = await campaigns(request.app[DESK].ledger, campaign_id)
    if not lines or not is_seen(request[USER], lines[0]):
        raise web.HTTPNotFound(text="没有这个通知任务，或不在可见的地区")


def _campaign(line: CampaignLine, of: Figures) -> dict[str, Any]:
    counts = {name: getattr(of, name) for name in ("owed", "reached", "unreached", "excused", "pending")}
    return {**asdict(line), **counts, "rate_handset": of.rate}


def _page(name: str, rows: Sequence[Any], key: str) -> dict[str, Any]:
    return {name: list(rows), "next": getattr(rows[-1], key) if len(rows) == PAGE else None}


async def _refuse(error: ValidationError, _: str) -> web.Response:
    """Which parameter is wrong and how; never what stood in it."""
    places = "；".join(f"{'.'.join(map(str, one['loc']))}：{one['msg']}" for one in error.errors(include_input=False))
    return web.Response(
        text=told(Problem, {"error": f"参数不对。{places}"}), content_type="application/json", status=400
    )


def _reads(path: str, handler: Any) -> web.RouteDef:
    checked = inject_params(on_validation_error=_refuse).and_request(handler)
    return web.get(path, checked, allow_head=False)


ROUTES = (
    _reads("/api/report", report),
    _reads("/api/regions", regions),
    _reads("/api/campaigns", campaign_list),
    _reads(r"/api/campaigns/{campaign:\d{1,19}}/report", campaign_report),
    _reads(r"/api/campaigns/{campaign:\d{1,19}}/households", households),
    _reads("/api/visits", visits),
    _reads("/api/inquiries", inquiries),
)
