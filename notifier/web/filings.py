"""备案审核: projects with what each level did, and the buttons of whoever's turn it is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.campaigns.filing import FilingDesk, Officer
from notifier.domain.benefits import AuditState
from notifier.domain.errors import InputError
from notifier.domain.filing import DEED_TEXT, LEVEL_TEXT, FilingDeed
from notifier.domain.money import yuan
from notifier.store.filing import Project
from notifier.store.filing import project as find_project
from notifier.store.reporting import region_names
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region

_PAGE = 30
_LONGEST_REMARK = 500
AUDIT_TEXT: Mapping[AuditState, str] = {
    AuditState.RETURNED: "待整改",
    AuditState.NONE: "未审核",
    AuditState.VILLAGE: "村级审核通过",
    AuditState.TOWNSHIP: "乡级审核通过",
    AuditState.COUNTY: "县级审核通过",
}
_DEEDS: Mapping[FilingDeed, Callable[[FilingDesk, int, Officer, str], Awaitable[AuditState]]] = {
    FilingDeed.FILE: lambda desk, benefit_id, officer, remark: desk.file(benefit_id, officer),
    FilingDeed.AUDIT: lambda desk, benefit_id, officer, remark: desk.audit(benefit_id, officer),
    FilingDeed.RETURN: lambda desk, benefit_id, officer, remark: desk.send_back(benefit_id, officer, remark),
}
_DONE: Mapping[FilingDeed, str] = {
    FilingDeed.FILE: "已备案",
    FilingDeed.AUDIT: "已审核通过",
    FilingDeed.RETURN: "已退回整改，整改完成并重新审核之前不通知任何农户",
}
_REPEATED: Mapping[str, tuple[bool, str]] = {
    "tell": (True, "的重复明细已确认为另外的发放，将通知农户"),
    "drop": (False, "的重复明细不再通知"),
}


async def filings_page(request: web.Request) -> web.Response:
    """GET /filings?region=&audit=&before=: projects of the user's region, the newest first, with their steps."""
    user = demand(request, Permission.FILE)
    desk = request.app[DESK].filings
    region_code = demand_region(user, request.query.get("region"))
    audit = _audit(request.query.get("audit"))
    wanted = request.query.get("before", "")
    before = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    found = await desk.projects(region_code, audit=audit, before=before, most=_PAGE)
    return await render(
        request,
        "filings.html",
        found=[_shown(desk, one, user) for one in found],
        counts=await desk.counts(region_code),
        names=await region_names(request.app[DESK].ledger),
        region_code=region_code,
        audit=audit,
        levels=[(level, LEVEL_TEXT[level]) for level in desk.levels],
        AUDIT_TEXT=AUDIT_TEXT,
        LEVEL_NAMES=LEVEL_TEXT,
        DEED_TEXT=DEED_TEXT,
        money=_money,
        longest=_LONGEST_REMARK,
        more=found[-1].benefit_id if len(found) == _PAGE else None,
    )


def _money(amount_fen: int) -> str:
    """ "1,234.50": a county's sums are read by their thousands."""
    whole, cents = yuan(amount_fen).split(".")
    return f"{int(whole):,}.{cents}"


def _audit(wanted: str | None) -> AuditState | None:
    return AuditState(wanted) if wanted in {one.value for one in AuditState} else None


def _shown(desk: FilingDesk, project: Project, user: User) -> dict[str, Any]:
    """A project with where each level stands, and what this user may do with it now."""
    here = project.progress(desk.levels)
    return {
        "project": project,
        "says": desk.says(project),
        "filed": here.filed,
        "audited": here.audited,
        "is_returned": here.is_returned,
        "deeds": desk.open_deeds(project, Officer(user.name, user.region_code)),
        "why": next((one for one in reversed(project.steps) if one.deed is FilingDeed.RETURN), None),
    }


async def do_filing(request: web.Request) -> web.Response:
    """POST /filings/{project}/{deed}: file, audit or return (remark); tell or drop what another batch has too.

    404 outside the user's region.
    """
    user = demand(request, Permission.FILE)
    desk, benefit_id = request.app[DESK], path_number(request, "project")
    try:
        project = await find_project(desk.ledger, benefit_id, user.region_code)
    except InputError:
        raise web.HTTPNotFound from None
    if request.match_info["deed"] in _REPEATED:
        tells, words = _REPEATED[request.match_info["deed"]]
        officer = Officer(user.name, user.region_code)
        await attempt(
            request, desk.filings.settle_repeated(benefit_id, officer, tells=tells), f"“{project.title}”{words}"
        )
        raise web.HTTPSeeOther("/filings")
    deed = FilingDeed(request.match_info["deed"])
    remark = str((await request.post()).get("remark", "")).strip()[:_LONGEST_REMARK]
    doing = _DEEDS[deed](desk.filings, benefit_id, Officer(user.name, user.region_code), remark)
    await attempt(request, doing, f"“{project.title}”{_DONE[deed]}")
    raise web.HTTPSeeOther("/filings")


ROUTES = (
    web.get("/filings", filings_page),
    web.post(r"/filings/{project:\d{1,19}}/{deed:file|audit|return|tell|drop}", do_filing),
)
