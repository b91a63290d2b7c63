"""The queues that people work off: 待核对 payments and 入户 visits."""

from collections.abc import Awaitable, Mapping

from aiohttp import web

from notifier.accounts.roles import Permission, Role, User
from notifier.domain.money import yuan
from notifier.domain.outcomes import EXCUSES, REASON_TEXT, Reason
from notifier.domain.regions import level_of
from notifier.store.audit import append
from notifier.store.reporting import region_names
from notifier.store.unmatched import count_unmatched, list_unmatched, refuse, resolve
from notifier.store.visit_list import count_visits, open_visits, region_of_visit
from notifier.web.deeds import attempt
from notifier.web.desk import DESK, VisitDesk
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region

HOW = ("当面告知", "电话告知", "家属转告")
_PAGE = 50
_LONGEST_REMARK = 500


def _demand_matching(request: web.Request) -> User:
    """A line in the queue has no household yet and so no village: only who sees the whole county may settle it."""
    user = demand(request, Permission.MATCH)
    if level_of(user.region_code) not in ("county", "city", "province"):
        raise web.HTTPNotFound
    return user


def _after(request: web.Request) -> int:
    wanted = request.query.get("after", "0")
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0


async def matching_page(request: web.Request) -> web.Response:
    """GET /matching: payment lines that found nobody or several, masked, with candidates."""
    _demand_matching(request)
    ledger = request.app[DESK].ledger
    found = await list_unmatched(ledger, after=_after(request), limit=_PAGE)
    counts = await count_unmatched(ledger)
    more = found[-1].payment_id if len(found) == _PAGE else None
    return await render(request, "matching.html", found=found, counts=counts, more=more, yuan=yuan)


async def do_match(request: web.Request) -> web.Response:
    """POST /matching/{payment}/{deed}: resolve to the chosen person, or refuse with a reason."""
    user = _demand_matching(request)
    ledger, payment_id = request.app[DESK].ledger, path_number(request, "payment")
    form = await request.post()
    deed: Awaitable[object]
    if request.match_info["deed"] == "resolve":
        person = str(form.get("person", ""))
        if not (person.isascii() and person.isdigit() and len(person) < 19):
            raise web.HTTPBadRequest(text="请先选择一位候选人")
        deed, words = resolve(ledger, payment_id, int(person), user.name), "已核对，该户将补发通知"
    else:
        reason = str(form.get("reason", "")).strip()[:_LONGEST_REMARK]
        deed, words = refuse(ledger, payment_id, reason, user.name), "已标记为非本县登记农户，不再通知"
    await attempt(request, deed, words)
    raise web.HTTPSeeOther("/matching")


async def visits_page(request: web.Request) -> web.Response:
    """GET /visits?region=: visits that wait. An officer sees their own tasks in clear (P6), which is audited."""
    user = demand(request, Permission.READ)
    if not (user.may(Permission.VISIT) or user.may(Permission.EXCUSE)):
        raise web.HTTPForbidden
    desk = request.app[DESK]
    region_code = demand_region(user, request.query.get("region"))
    clear = user.role is Role.OFFICER
    found = await open_visits(desk.ledger, region_code, after=_after(request), most=_PAGE, clear=clear)
    if clear and found:
        shown = {"region": region_code, "first": found[0].visit_id, "n": len(found)}
        async with desk.ledger.writing() as c:
            await append(c, user.name, "visits.shown", shown, at=desk.clock.now())
    return await render(
        request,
        "visits.html",
        found=found,
        n_open=await count_visits(desk.ledger, region_code),
        names=await region_names(desk.ledger),
        region_code=region_code,
        more=found[-1].visit_id if len(found) == _PAGE else None,
        how=HOW,
        excuses=[(reason.value, REASON_TEXT[reason]) for reason in Reason if reason in EXCUSES],
        clear=clear,
    )


async def do_visit(request: web.Request) -> web.Response:
    """POST /visits/{visit}/{deed}: sign (how, remark), excuse (reason) or confirm; 404 outside the user's region."""
    deed = request.match_info["deed"]
    user = demand(request, Permission.EXCUSE if deed == "confirm" else Permission.VISIT)
    desk, visit_id = request.app[DESK], path_number(request, "visit")
    region_code = await region_of_visit(desk.ledger, visit_id)
    if region_code is None or not user.sees(region_code):
        raise web.HTTPNotFound
    form = {key: str(value) for key, value in (await request.post()).items()}
    doing, words = _visit_deed(desk.visits, deed, visit_id, (user.name, form))
    await attempt(request, doing, words)
    raise web.HTTPSeeOther("/visits")


def _visit_deed(
    visits: VisitDesk, deed: str, visit_id: int, said: tuple[str, Mapping[str, str]]
) -> tuple[Awaitable[object], str]:
    by, form = said
    if deed == "sign":
        how, remark = form.get("how", ""), form.get("remark", "").strip()[:_LONGEST_REMARK]
        if how not in HOW:
            raise web.HTTPBadRequest(text="请选择告知方式")
        return visits.sign_off(visit_id, by, how, remark or None), "已签收，该户计为已通知"
    if deed == "excuse":
        reason = form.get("reason", "")
        if reason not in {excuse.value for excuse in EXCUSES}:
            raise web.HTTPBadRequest(text="请选择免予通知的原因")
        return visits.ask_excuse(visit_id, by, Reason(reason)), "已提交，等待另一人复核"
    return visits.confirm_excuse(visit_id, by), "已复核，该户免予通知"


ROUTES = (
    web.get("/matching", matching_page),
    web.post(r"/matching/{payment:\d{1,19}}/{deed:resolve|refuse}", do_match),
    web.get("/visits", visits_page),
    web.post(r"/visits/{visit:\d{1,19}}/{deed:sign|excuse|confirm}", do_visit),
)
