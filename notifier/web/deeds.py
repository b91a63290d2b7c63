"""Acting on campaigns: launch, pause, resume, cancel, and the review of policies (政策审核)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from notifier.accounts.roles import Permission
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.domain.outcomes import Reason
from notifier.store.campaigns import campaign
from notifier.store.contents import mark
from notifier.store.reporting import CampaignLine, campaigns, policy_text
from notifier.web.desk import DESK, CampaignDesk, FrontDesk
from notifier.web.draft_review import is_due_to, seen_by_reviewer, weighed_for_reviewer
from notifier.web.evidence import marked, triggers
from notifier.web.pages import render, render_part
from notifier.web.reports import is_seen, is_whole_in_scope, seen_campaign
from notifier.web.sessions import USER, demand, tell
from notifier.web.understanding import understood_block

_LONGEST_REMARK = 500
_AT_ONCE = 3
"""Reviews on a page: each is read from its first word to its last."""
_DEEDS: Mapping[str, tuple[str, Callable[[CampaignDesk, int, str], Awaitable[object]]]] = {
    "launch": ("已启动，正在生成名单并发送", lambda desk, campaign_id, by: desk.launch(campaign_id, by)),
    "pause": ("已暂停，不再发出新消息；回执照常接收", lambda desk, campaign_id, by: desk.pause(campaign_id, by)),
    "resume": ("已继续发送", lambda desk, campaign_id, by: desk.resume(campaign_id, by)),
    "cancel": ("已取消，未发出的消息不再发出", lambda desk, campaign_id, by: desk.cancel(campaign_id, by)),
}


async def drive(request: web.Request) -> web.Response:
    """POST /campaigns/{campaign}/{deed}: done, or the page says why not. A launch that tells many, or the same ones
    twice in a day, has their number in typed."""
    user = demand(request, Permission.DRIVE)
    line = await _own_campaign(request)
    words, deed = _DEEDS[request.match_info["deed"]]
    desk = request.app[DESK].campaigns
    if request.match_info["deed"] == "launch" and line.state == CampaignState.APPROVED.value:
        typed = str((await request.post()).get("typed", ""))
        try:
            await request.app[DESK].drafts.demand_confirmed(line.campaign_id, typed)
        except InputError as refused:
            await tell(request, str(refused), is_error=True)
            raise web.HTTPSeeOther(f"/campaigns/{line.campaign_id}") from None
    await attempt(request, deed(desk, line.campaign_id, user.name), f"“{line.title}”{words}")
    raise web.HTTPSeeOther(f"/campaigns/{line.campaign_id}")


async def permit_any_hour(request: web.Request) -> web.Response:
    """POST /campaigns/{campaign}/any-hour: an emergency, which goes out whatever the hour; why says for what reason."""
    user = demand(request, Permission.EMERGENCY)
    line = await _own_campaign(request)
    why = str((await request.post()).get("why", "")).strip()[:_LONGEST_REMARK]
    deed = request.app[DESK].campaigns.permit_any_hour(line.campaign_id, user.name, why)
    await attempt(request, deed, f"“{line.title}”已许可随时发送，先于其他任务")
    raise web.HTTPSeeOther(f"/campaigns/{line.campaign_id}")


async def retry(request: web.Request) -> web.Response:
    """POST /campaigns/{campaign}/retry: who was not told for reason, which why says is mended, is told again."""
    user = demand(request, Permission.DRIVE)
    line = await _own_campaign(request)
    form = await request.post()
    try:
        reason = Reason(str(form.get("reason", "")))
    except ValueError:
        raise web.HTTPBadRequest(text="请选择已经排除的原因") from None
    why = str(form.get("why", "")).strip()[:_LONGEST_REMARK]
    deed = request.app[DESK].campaigns.retry(line.campaign_id, user.name, reason, why)
    await attempt(request, deed, "已安排重发，从第一步开始通知")
    raise web.HTTPSeeOther(f"/campaigns/{line.campaign_id}")


async def attempt(request: web.Request, deed: Awaitable[object], words: str) -> bool:
    """True when the deed is done; the next page says `words`, or what the deed objected to. Desks audit themselves."""
    try:
        await deed
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        return False
    await tell(request, words)
    return True


async def _own_campaign(request: web.Request) -> CampaignLine:
    """The campaign of the path, all of it in the user's scope. Raises HTTPNotFound, or HTTPForbidden."""
    line = await seen_campaign(request)
    if not is_whole_in_scope(request[USER], line):
        raise web.HTTPForbidden(text="这个通知任务超出您管辖的地区，只能由上级操作")
    return line


async def reviews_page(request: web.Request) -> web.Response:
    """GET /reviews?skip=: a page of the campaigns that wait for a review, with why they were suggested and for whom."""
    user = demand(request, Permission.REVIEW)
    desk = request.app[DESK]
    waiting = [
        line
        for line in await campaigns(desk.ledger)
        if line.state == CampaignState.IN_REVIEW.value and is_seen(user, line) and is_whole_in_scope(user, line)
    ]
    async with desk.ledger.reading() as c:
        rows = {line.campaign_id: await campaign(c, line.campaign_id) for line in waiting}
    due = [line for line in waiting if is_due_to(user, rows[line.campaign_id])]
    said = request.query.get("skip", "")
    skip = int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0
    proposals = [
        await _proposal(desk, line) | {"own": await seen_by_reviewer(desk, rows[line.campaign_id])}
        for line in due[skip : skip + _AT_ONCE]
    ]
    behind = skip + _AT_ONCE if len(due) > skip + _AT_ONCE else None
    return await render(request, "reviews.html", waiting=proposals, n_due=len(due), behind=behind)


async def _proposal(desk: FrontDesk, line: CampaignLine) -> dict[str, Any]:
    words = triggers(line.evidence)
    body = await policy_text(desk.ledger, line.campaign_id)
    return {
        "line": line,
        "words": words,
        "title": marked(line.title, words),
        "summary": marked(line.summary, words),
        "body": marked(body, words),
        "mark": await mark(desk.ledger, line.campaign_id),
        **await understood_block(desk, line.campaign_id),
    }


async def audience_part(request: web.Request) -> web.Response:
    """GET /reviews/{campaign}/audience: how many households it would tell today, and what is unusual about that."""
    demand(request, Permission.REVIEW)
    line = await _own_campaign(request)
    known = await weighed_for_reviewer(request.app[DESK], line.campaign_id)
    return await render_part(request, "_review_audience.html", **known)


async def do_review(request: web.Request) -> web.Response:
    """POST /campaigns/{campaign}/review: verdict approve (of what `mark` stands for) or return (with a remark)."""
    user = demand(request, Permission.REVIEW)
    line = await _own_campaign(request)
    form = await request.post()
    verdict, remark = str(form.get("verdict", "")), str(form.get("remark", "")).strip()[:_LONGEST_REMARK]
    if verdict not in ("approve", "return"):
        raise web.HTTPBadRequest
    if verdict == "return" and not remark:
        await tell(request, "退回时请写明要改什么，起草人才知道怎么改", is_error=True)
        raise web.HTTPSeeOther("/reviews")
    shown = str(form.get("mark", ""))
    if verdict == "approve" and shown and shown != await mark(request.app[DESK].ledger, line.campaign_id):
        await tell(request, f"“{line.title}”在您打开页面后被修改过，没有通过；请重新看过再审核", is_error=True)
        raise web.HTTPSeeOther("/reviews")
    review = request.app[DESK].campaigns.review
    deed = review(line.campaign_id, user.name, approves=verdict == "approve", remark=remark or None)
    await attempt(request, deed, f"“{line.title}”{'已通过审核' if verdict == 'approve' else '已退回'}")
    raise web.HTTPSeeOther("/reviews")


ROUTES = (
    web.post(r"/campaigns/{campaign:\d{1,19}}/{deed:launch|pause|resume|cancel}", drive),
    web.post(r"/campaigns/{campaign:\d{1,19}}/any-hour", permit_any_hour),
    web.post(r"/campaigns/{campaign:\d{1,19}}/retry", retry),
    web.post(r"/campaigns/{campaign:\d{1,19}}/review", do_review),
    web.get("/reviews", reviews_page),
    web.get(r"/reviews/{campaign:\d{1,19}}/audience", audience_part),
)
