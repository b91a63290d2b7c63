"""咨询: what people asked, answered and settled by those who answer for the region."""

import secrets
from datetime import datetime
from typing import Any

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.replies import InquiryKind
from notifier.domain.shares import floored
from notifier.inquiries.answering import LONGEST_ANSWER
from notifier.store.inquiries import PAGE, InquiryRow, Sift, list_inquiries, one_inquiry
from notifier.store.inquiry_rates import count_now, rates_below
from notifier.store.reporting import region_names
from notifier.web.desk import DESK
from notifier.web.inquiry_deeds import HOW, do_inquiry, enter_inquiry, may_call, places_for, show_number
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region

_PAGE = 30
KINDS = tuple(one.value for one in InquiryKind)
STEPS = {"answer": "答复", "close": "办结", "reopen": "重新办理", "assign": "转交"}
_DELIVERED = {"sent": "已发出", "pending": "待告知", "unsure": "是否送达不明", "seen": "农户已看到"}


def delivered(delivery: str, channel: str) -> str:
    """How an answer got to the person, in words; "" for what is no answer."""
    if delivery == "pending" and channel == PAGE:
        return "已放到农户页面，等待查看"
    return _DELIVERED.get(delivery, "")


async def inquiries_page(request: web.Request) -> web.Response:
    """GET /inquiries?region=&kind=&settled=1&late=1&after=: inquiries, masked, and the 办结率 by kind and region."""
    user = demand(request, Permission.ANSWER)
    desk, query = request.app[DESK], request.query
    region_code, now = demand_region(user, query.get("region")), desk.clock.now()
    settled, late = query.get("settled") == "1", query.get("late") == "1"
    kind = query.get("kind", "") if query.get("kind") in KINDS else ""
    said = query.get("after", "0")
    after = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
    sift = Sift(settled, kind, now if late and not settled else None)
    found = await list_inquiries(desk.ledger, region_code, sift, after=after, most=_PAGE)
    return await render(
        request,
        "inquiries.html",
        found=found,
        names=await region_names(desk.ledger),
        region_code=region_code,
        chosen={"settled": settled, "late": late, "kind": kind},
        kinds=KINDS,
        now=now,
        more=found[-1].inquiry_id if len(found) == _PAGE else None,
        **await _rates(request, region_code, now),
    )


async def _rates(request: web.Request, region_code: str, now: datetime) -> dict[str, Any]:
    ledger = request.app[DESK].ledger
    counts = await count_now(ledger, region_code, now)
    n_received, n_closed = sum(one.n_received for one in counts), sum(one.n_closed for one in counts)
    return {
        "counts": counts,
        "n_received": n_received,
        "n_closed": n_closed,
        "n_overdue": sum(one.n_overdue for one in counts),
        "rate": floored(n_closed, n_received),
        "below": await rates_below(ledger, region_code, now),
    }


async def own_inquiry(request: web.Request, user: User) -> InquiryRow:
    """The inquiry of the path, which the user's region answers for. Raises HTTPNotFound."""
    found = await one_inquiry(request.app[DESK].ledger, path_number(request, "inquiry"))
    if found is None or not user.sees(found.region_code):
        raise web.HTTPNotFound
    return found


async def inquiry_page(request: web.Request) -> web.Response:
    """GET /inquiries/{inquiry}: what was asked and done, and what can be done next."""
    user = demand(request, Permission.ANSWER)
    return await _shown(request, user, await own_inquiry(request, user), None)


async def inquiry_number(request: web.Request) -> web.Response:
    """POST /inquiries/{inquiry}/number: the same page with the number to call back, which is audited."""
    user = demand(request, Permission.ANSWER)
    one = await own_inquiry(request, user)
    return await _shown(request, user, one, await show_number(request, user, one))


async def _shown(request: web.Request, user: User, one: InquiryRow, number: str | None) -> web.Response:
    ledger = request.app[DESK].ledger
    return await render(
        request,
        "inquiry.html",
        one=one,
        number=number,
        may_call=may_call(user, one),
        names=await region_names(ledger),
        places=await places_for(ledger, user),
        steps=STEPS,
        delivered=delivered,
        now=request.app[DESK].clock.now(),
        longest=LONGEST_ANSWER,
        once=secrets.token_urlsafe(12),
    )


async def new_inquiry(request: web.Request) -> web.Response:
    """GET /inquiries/new: the form for a call or a visitor."""
    user = demand(request, Permission.ANSWER)
    ledger = request.app[DESK].ledger
    return await render(
        request,
        "inquiry_new.html",
        kinds=KINDS,
        how=HOW,
        places=[one for one in await places_for(ledger, user) if user.sees(one[0])],
        region_code=user.region_code,
        once=secrets.token_urlsafe(12),
    )


ROUTES = (
    web.get("/inquiries", inquiries_page),
    web.get("/inquiries/new", new_inquiry),
    web.post("/inquiries/new", enter_inquiry),
    web.get(r"/inquiries/{inquiry:\d{1,19}}", inquiry_page),
    web.post(r"/inquiries/{inquiry:\d{1,19}}/number", inquiry_number),
    web.post(r"/inquiries/{inquiry:\d{1,19}}/{deed:answer|close|reopen|assign}", do_inquiry),
)
