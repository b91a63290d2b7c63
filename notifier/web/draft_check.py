"""When the draft leaves, and its last step: everything at one look, tried on oneself, submitted."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from notifier.campaigns.drafting import Weight, typed_of
from notifier.domain.errors import InputError
from notifier.domain.identity import mask_phone
from notifier.domain.messages import Medium
from notifier.domain.money import yuan
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Unsure
from notifier.store.drafts import Draft
from notifier.store.factors import FactorKind, factors_of
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.drafts import NAME, author_of, on_to, own_draft, render_step
from notifier.web.sessions import tell

_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_TYPED = "%Y-%m-%dT%H:%M"
_THOUSAND = 1000
_WECHAT = "微信"
_OWN = {Medium.SMS: (FactorKind.PHONE, "手机号"), Medium.WECHAT: (FactorKind.OPENID, _WECHAT)}
"""What proves an address of the user's own, and what people call it."""


async def moment_page(request: web.Request) -> web.Response:
    """GET /drafts/{campaign}/moment: at once or at a time, and when it may really leave."""
    _, found = await own_draft(request)
    return await _moment(request, found, found.scheduled_at)


async def save_moment(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/moment: when now or at; op try only shows when it would leave."""
    user, found = await own_draft(request)
    form = await request.post()
    try:
        wanted = _wanted(str(form.get("at", ""))) if form.get("when") == "at" else None
        if form.get("op") != "try":
            await request.app[DESK].drafts.save_moment(found, author_of(user), wanted)
    except InputError as refused:
        return await _moment(request, found, found.scheduled_at, problem=str(refused))
    if form.get("op") == "try":
        return await _moment(request, found, wanted)
    return await on_to(request, found, "check")


def _wanted(typed: str) -> datetime:
    try:
        return datetime.strptime(typed[:16], _TYPED).replace(tzinfo=_COUNTY_TIME)
    except ValueError:
        raise InputError("请选择定时发送的日期和时间，例如 2026-12-01 09:00") from None


async def _moment(request: web.Request, found: Draft, wanted: datetime | None, problem: str = "") -> web.Response:
    desk = request.app[DESK]
    now = desk.clock.now()
    moment = wanted or now
    return await render_step(
        request,
        "moment",
        found,
        wanted=wanted,
        typed=(wanted or now + timedelta(days=1)).astimezone(_COUNTY_TIME).strftime(_TYPED),
        leaves_at=desk.drafts.opens(moment),
        is_held=desk.drafts.opens(moment) > moment,
        problem=problem,
    )


async def check_page(request: web.Request) -> web.Response:
    """GET /drafts/{campaign}/check: everything that will happen, and what still is in its way."""
    user, found = await own_draft(request)
    desk = request.app[DESK]
    seen = desk.drafts.preview(typed_of(found))
    weight: Weight | None = None
    problems = list(seen.problems)
    try:
        weight = await desk.drafts.weigh(found)
    except InputError as missing:
        problems.append(str(missing))
    if weight is not None and not weight.crowd.n:
        problems.append("没有一户符合条件；请修改“通知谁”")
    factors = await factors_of(desk.ledger, user.name)
    phone, openid = factors.get(FactorKind.PHONE), factors.get(FactorKind.OPENID)
    moment = found.scheduled_at or desk.clock.now()
    known: dict[str, Any] = {
        "seen": seen,
        "weight": weight,
        "problems": problems,
        "cost": _cost(seen.n_segments * (weight.crowd.n if weight else 0), desk.drafts.settings.thousand_segments_fen),
        "reviews_due": await desk.drafts.review_path(found, author_of(user)),
        "phone": mask_phone(phone.value) if phone and phone.verified_at else None,
        "has_wechat": openid is not None and openid.verified_at is not None,
        "leaves_at": desk.drafts.opens(moment),
        "is_held": desk.drafts.opens(moment) > moment,
        "sms": seen.by(Medium.SMS),
        "wechat": seen.by(Medium.WECHAT),
        **{f"says_{one.value}": any(by.can_say for by in seen.by(one)) for one in Medium},
    }
    return await render_step(request, "check", found, **known)


def _cost(n_segments: int, thousand_fen: int) -> str:
    return yuan(-(-n_segments * thousand_fen // _THOUSAND))


async def try_on(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/try: by sms (or nothing) or wechat; the notice was sent to the user's own address."""
    user, found = await own_draft(request)
    desk = request.app[DESK]
    medium = Medium.WECHAT if (await request.post()).get("by") == Medium.WECHAT.value else Medium.SMS
    kind, where = _OWN[medium]
    own = (await factors_of(desk.ledger, user.name)).get(kind)
    if own is None or own.verified_at is None:
        await tell(request, f"您还没有验证过的{where}；请先在“我的账号”中验证，再试发", is_error=True)
    else:
        outcome = await desk.drafts.try_on(found, author_of(user), own.value, medium)
        await tell(request, _said_of(outcome, where), is_error=not isinstance(outcome, Accepted))
    raise web.HTTPSeeOther(f"/drafts/{found.campaign_id}/check")


def _said_of(outcome: Outcome, where: str) -> str:
    match outcome:
        case Accepted():
            return f"已试发到您的{where}；试发不计入任何通知率"
        case Unsure():
            return "通道没有回应，消息可能已发出；请等几分钟，不要反复试发"
        case Postponed(code, delay):
            minutes = -(-int(delay.total_seconds()) // 60)
            return f"现在不能试发（{code}）；请在 {minutes} 分钟后再试" if minutes else f"现在没有可用的通道（{code}）"
        case Refused(reason=Reason.BLOCKED | Reason.NOT_FOLLOWING) if where == _WECHAT:
            return "您的微信没有关注公众号，或没有同意接收这类消息；请在公众号里点“我的补贴”同意后再试"
        case _:
            return f"通道不接受这条消息（{outcome.code}）；请检查文字，或请运维人员查看通道"


async def submit(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/submit: it waits for its reviews; typed is the number of households where one is due."""
    user, found = await own_draft(request)
    typed = str((await request.post()).get("typed", ""))
    deed = request.app[DESK].drafts.submit(found, author_of(user), typed)
    done = await attempt(request, deed, f"“{found.title}”已提交")
    raise web.HTTPSeeOther(f"/campaigns/{found.campaign_id}" if done else f"/drafts/{found.campaign_id}/check")


ROUTES = (
    web.get(rf"{NAME}/moment", moment_page),
    web.post(rf"{NAME}/moment", save_moment),
    web.get(rf"{NAME}/check", check_page),
    web.post(rf"{NAME}/try", try_on),
    web.post(rf"{NAME}/submit", submit),
)
