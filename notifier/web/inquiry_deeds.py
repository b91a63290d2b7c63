"""What people do about an inquiry: enter it, answer, settle, open again, hand over, and call back."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from notifier.accounts.roles import Permission, Role, User
from notifier.domain.errors import InputError
from notifier.domain.identity import read_phone
from notifier.domain.inquiries import InquiryState
from notifier.domain.replies import InquiryKind
from notifier.inquiries.answering import Given
from notifier.store.inquiries import InquiryRow, region_of_inquiry
from notifier.store.ledger import Ledger
from notifier.store.registry_regions import read_regions
from notifier.web.desk import DESK
from notifier.web.people_desks import InquiryDesk
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region, tell

HOW = ("电话", "窗口", "来信", "上门")
"""How an inquiry that no channel brings comes."""
_LONGEST = 600
_DELIVERED = {
    "sent": "答复已发出",
    "pending": "答复已记录，但没有自动发出：这个渠道不能直接回复，或内容超过短信模板的字数。请电话或当面告知后办结；"
    "在农户页面上提的问题，农户打开页面就能看到",
    "unsure": "答复已记录，是否送达不明；不会自动重发，请电话确认后办结",
    "repeated": "这个答复刚才已经提交过了，没有重复发送",
}


async def places_for(ledger: Ledger, user: User) -> Sequence[tuple[str, str]]:
    """(code, name) of the regions that the user may hand an inquiry to: their own, those inside and those above."""
    known = [one for one in await read_regions(ledger) if user.touches(one.code)]
    return [(one.code, one.name) for one in sorted(known, key=lambda one: one.code)]


def may_call(user: User, one: InquiryRow) -> bool:
    """Whether the user may see the number to call back: an officer's own open tasks, or who may see it anyway (P6)."""
    own_task = user.role is Role.OFFICER and one.state is not InquiryState.CLOSED
    return "*" in one.contact and (own_task or user.may(Permission.REVEAL))


async def show_number(request: web.Request, user: User, one: InquiryRow) -> str | None:
    """The number in clear, audited. Raises HTTPForbidden."""
    if not may_call(user, one):
        raise web.HTTPForbidden
    return await request.app[DESK].inquiries.number_of(one.inquiry_id, user.name)


async def enter_inquiry(request: web.Request) -> web.Response:
    """POST /inquiries/new: kind, how, region, text, and perhaps a phone to call back: the inquiry is open."""
    user = demand(request, Permission.ANSWER)
    form = {key: str(value).strip() for key, value in (await request.post()).items()}
    region_code = demand_region(user, form.get("region"))
    if form.get("kind") not in [one.value for one in InquiryKind] or form.get("how") not in HOW:
        raise web.HTTPBadRequest(text="请选择事项的类别和来的方式")
    try:
        phone = read_phone(form["phone"]) if form.get("phone") else None
        text, once = form.get("text", "")[:2000], form.get("once", "")[:64] or None
        given = Given(InquiryKind(form["kind"]), form["how"], region_code, text, phone, once)
        number = await request.app[DESK].inquiries.add(given, user.name)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/inquiries/new") from None
    await tell(request, "已登记" if number else "刚才已经登记过了")
    raise web.HTTPSeeOther(f"/inquiries/{number}" if number else "/inquiries")


async def do_inquiry(request: web.Request) -> web.Response:
    """POST /inquiries/{inquiry}/{deed}: answer (text), close, reopen (remark) or assign (region).

    404 outside the user's region; an inquiry is handed to a region that is the user's, inside it or around it only.
    """
    user = demand(request, Permission.ANSWER)
    desk, inquiry_id = request.app[DESK], path_number(request, "inquiry")
    region_code = await region_of_inquiry(desk.ledger, inquiry_id)
    if region_code is None or not user.sees(region_code):
        raise web.HTTPNotFound
    form = {key: str(value) for key, value in (await request.post()).items()}
    deed = request.match_info["deed"]
    if deed == "assign":
        _demand_place(user, form.get("region", ""))
    try:
        words = await _done(desk.inquiries, deed, inquiry_id, (user.name, form))
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
    else:
        await tell(request, words)
    is_gone = deed == "assign" and not user.sees(form.get("region", ""))
    raise web.HTTPSeeOther("/inquiries" if is_gone else f"/inquiries/{inquiry_id}")


def _demand_place(user: User, region_code: str) -> None:
    try:
        fits = user.touches(region_code)
    except ValueError:
        fits = False
    if not fits:
        raise web.HTTPNotFound


async def _done(desk: InquiryDesk, deed: str, inquiry_id: int, said: tuple[str, Mapping[str, str]]) -> str:
    by, form = said
    remark = form.get("remark", "").strip()[:_LONGEST]
    if deed == "answer":
        return _DELIVERED[await desk.answer(inquiry_id, by, form.get("text", ""), form.get("once", "")[:64] or None)]
    if deed == "close":
        await desk.close(inquiry_id, by, remark)
        return "已办结"
    if deed == "reopen":
        await desk.reopen(inquiry_id, by, remark)
        return "已重新办理"
    await desk.assign(inquiry_id, by, form.get("region", ""))
    return "已转交"
