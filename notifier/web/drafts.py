"""起草通知: what a clerk is writing, beginning and discarding it, and what every step of it shares."""

from typing import Any

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.campaigns.drafting import Author
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.domain.regions import level_of
from notifier.store.drafts import Draft, draft, drafts, tellable
from notifier.store.reviews import past_reviews
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, tell

STEPS = (
    ("words", "说什么"),
    ("audience", "通知谁"),
    ("moment", "何时发"),
    ("check", "检查提交"),
)
"""The steps of a draft in their order: the end of its address, and its name."""
NAME = r"/drafts/{campaign:\d{1,19}}"
_MOST_POLICIES = 20


async def drafts_page(request: web.Request) -> web.Response:
    """GET /drafts: what the user writes or could take up, and the policies that can be told."""
    user = demand(request, Permission.DRAFT)
    ledger = request.app[DESK].ledger
    found = await drafts(ledger, user.region_code, user.name)
    policies = await tellable(ledger, user.region_code, _MOST_POLICIES)
    waiting = (CampaignState.IN_REVIEW.value, CampaignState.APPROVED.value)
    return await render(request, "drafts.html", found=found, policies=policies, waiting=waiting)


async def begin(request: web.Request) -> web.Response:
    """POST /drafts: title of a text of its own, or benefit; goes on to its first step."""
    user = demand(request, Permission.DRAFT)
    form = await request.post()
    title, wanted = str(form.get("title", "")), str(form.get("benefit", ""))
    if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        raise web.HTTPBadRequest
    desk = request.app[DESK].drafts
    try:
        campaign_id = await desk.begin(author_of(user), title, int(wanted) if wanted else None)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/drafts") from None
    raise web.HTTPSeeOther(f"/drafts/{campaign_id}/words")


async def discard(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/discard: the draft is given up."""
    user, found = await own_draft(request)
    if found.created_by not in (user.name, "system"):
        raise web.HTTPForbidden(text=f"这是 {found.created_by} 的草稿，只有起草人可以放弃")
    deed = request.app[DESK].campaigns.cancel(found.campaign_id, user.name)
    await attempt(request, deed, f"“{found.title}”的草稿已放弃")
    raise web.HTTPSeeOther("/drafts")


def author_of(user: User) -> Author:
    """The user as the desk knows authors."""
    return Author(user.name, user.region_code)


async def own_draft(request: web.Request) -> tuple[User, Draft]:
    """The user and the draft of the path, all of it in their scope. Raises HTTPNotFound otherwise."""
    user = demand(request, Permission.DRAFT)
    found = await draft(request.app[DESK].ledger, path_number(request, "campaign"))
    if found is None:
        raise web.HTTPNotFound
    is_county = level_of(user.region_code) in ("county", "city", "province")
    if not (is_county if found.region_code is None else user.sees(found.region_code)):
        raise web.HTTPNotFound
    if not found.is_open:
        await tell(request, f"“{found.title}”已经提交，不能再修改")
        raise web.HTTPSeeOther(f"/campaigns/{found.campaign_id}")
    return user, found


async def render_step(request: web.Request, step: str, found: Draft, **known: Any) -> web.Response:
    """The page of a step, with the remark that sent the draft back, if one did."""
    remarks = [one for one in await past_reviews(request.app[DESK].ledger, found.campaign_id) if not one.approves]
    returned = remarks[-1] if remarks and found.state == CampaignState.RETURNED.value else None
    context = {"draft": found, "step": step, "steps": STEPS, "returned": returned, **known}
    return await render(request, f"draft_{step}.html", **context)


async def on_to(request: web.Request, found: Draft, step: str) -> web.Response:
    """To the next step, or away when the button said so."""
    form = await request.post()
    where = "/drafts" if form.get("op") == "later" else f"/drafts/{found.campaign_id}/{step}"
    if form.get("op") == "later":
        await tell(request, f"“{found.title}”已保存，可以随时接着写")
    raise web.HTTPSeeOther(where)


ROUTES = (
    web.get("/drafts", drafts_page),
    web.post("/drafts", begin),
    web.post(rf"{NAME}/discard", discard),
)
