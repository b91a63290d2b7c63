"""咨询: what people asked, answered and settled by those who answer for the region."""

from collections.abc import Awaitable, Mapping

from aiohttp import web

from notifier.accounts.roles import Permission
from notifier.domain.errors import InputError
from notifier.domain.shares import floored
from notifier.store.inquiries import count_settled, list_inquiries, region_of_inquiry
from notifier.store.reporting import region_names
from notifier.web.deeds import attempt
from notifier.web.desk import DESK, InquiryDesk
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region, tell

_PAGE = 50
_LONGEST = 600
_DELIVERED = {
    "sent": "答复已发出",
    "pending": "答复已记录；这个渠道不能回复，请电话或当面告知后办结",
    "unsure": "答复已记录，是否送达不明；不会自动重发，请电话确认后办结",
}


async def inquiries_page(request: web.Request) -> web.Response:
    """GET /inquiries?region=&settled=1&after=: inquiries that wait, or the settled ones, masked, and the 办结率."""
    user = demand(request, Permission.ANSWER)
    desk = request.app[DESK]
    region_code = demand_region(user, request.query.get("region"))
    settled = request.query.get("settled") == "1"
    wanted = request.query.get("after", "0")
    after = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0
    found = await list_inquiries(desk.ledger, region_code, settled=settled, after=after, most=_PAGE)
    counts = await count_settled(desk.ledger, region_code, desk.clock.now())
    n_received, n_closed = sum(one.n_received for one in counts), sum(one.n_closed for one in counts)
    return await render(
        request,
        "inquiries.html",
        found=found,
        counts=counts,
        n_received=n_received,
        n_closed=n_closed,
        n_overdue=sum(one.n_overdue for one in counts),
        rate=floored(n_closed, n_received),
        names=await region_names(desk.ledger),
        region_code=region_code,
        settled=settled,
        now=desk.clock.now(),
        longest=_LONGEST,
        more=found[-1].inquiry_id if len(found) == _PAGE else None,
    )


async def do_inquiry(request: web.Request) -> web.Response:
    """POST /inquiries/{inquiry}/{deed}: answer (text), close or reopen (remark); 404 outside the user's region."""
    user = demand(request, Permission.ANSWER)
    desk, inquiry_id = request.app[DESK], path_number(request, "inquiry")
    region_code = await region_of_inquiry(desk.ledger, inquiry_id)
    if region_code is None or not user.sees(region_code):
        raise web.HTTPNotFound
    form = {key: str(value) for key, value in (await request.post()).items()}
    deed = request.match_info["deed"]
    if deed == "answer":
        try:
            delivery = await desk.inquiries.answer(inquiry_id, user.name, form.get("text", ""))
        except InputError as refused:
            await tell(request, str(refused), is_error=True)
        else:
            await tell(request, _DELIVERED[delivery])
    else:
        words = "已办结" if deed == "close" else "已重新办理"
        await attempt(request, _deed(desk.inquiries, deed, inquiry_id, (user.name, form)), words)
    raise web.HTTPSeeOther("/inquiries")


def _deed(desk: InquiryDesk, deed: str, inquiry_id: int, said: tuple[str, Mapping[str, str]]) -> Awaitable[object]:
    by, remark = said[0], said[1].get("remark", "").strip()[:_LONGEST]
    return desk.close(inquiry_id, by, remark) if deed == "close" else desk.reopen(inquiry_id, by, remark)


ROUTES = (
    web.get("/inquiries", inquiries_page),
    web.post(r"/inquiries/{inquiry:\d{1,19}}/{deed:answer|close|reopen}", do_inquiry),
)
