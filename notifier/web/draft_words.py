"""The draft's words: wording, order of sending and gateways, with what each gateway makes of them as one types."""

from typing import Any

from aiohttp import web
from multidict import MultiMapping

from notifier.campaigns.drafting import typed_of
from notifier.campaigns.previewing import TELLING_KINDS, Typed
from notifier.domain.errors import InputError
from notifier.domain.ladder import PRESETS
from notifier.domain.messages import Medium
from notifier.domain.placeholders import MENU
from notifier.store.drafts import Draft
from notifier.store.reporting import policy_text
from notifier.web.desk import DESK
from notifier.web.drafts import NAME, author_of, on_to, own_draft, render_step

LADDER_TEXT = {
    "短信必达": "先发短信；不成，换一个短信通道；再不成，发给家里另一个号码；最后村干部入户",
    "微信优先": "先发微信；没绑定或没送到的改发短信，再按短信必达走",
    "双通道": "微信和短信同时发；都不成则村干部入户",
}


async def words_page(request: web.Request) -> web.Response:
    """GET /drafts/{campaign}/words: the words as they are kept."""
    _, found = await own_draft(request)
    return await _page(request, found, typed_of(found))


async def save_words(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/words: op try shows what gateways make of what is typed; save and later keep it."""
    user, found = await own_draft(request)
    form = await request.post()
    typed = _typed(form, found)
    if form.get("op") == "try":
        return await _page(request, found, typed)
    try:
        await request.app[DESK].drafts.save_words(found, author_of(user), typed)
    except InputError as refused:
        return await _page(request, found, typed, problem=str(refused))
    return await on_to(request, found, "audience")


def _typed(form: MultiMapping[Any], found: Draft) -> Typed:
    """What the form says; what it leaves out is as it was."""
    kind, ladder = str(form.get("kind", found.notice_kind)), str(form.get("ladder", found.ladder))
    if kind not in TELLING_KINDS or ladder not in PRESETS:
        raise web.HTTPBadRequest
    return Typed(
        kind,
        str(form.get("title", found.title)),
        str(form.get("summary", found.summary)),
        str(form.get("text", found.free_text)),
        ladder,
        tuple(str(one) for one in form.getall("gateway", [])),
    )


async def _page(request: web.Request, found: Draft, typed: Typed, problem: str = "") -> web.Response:
    desk = request.app[DESK]
    known = {one for gateways in desk.drafts.shop.gateways.values() for one in gateways}
    chosen = tuple(one for one in typed.gateways if one in known)
    typed = Typed(typed.kind, typed.title, typed.summary, typed.text, typed.ladder, chosen)
    seen = desk.drafts.preview(typed)
    return await render_step(
        request,
        "words",
        found,
        typed=typed,
        seen=seen,
        problem=problem,
        kinds=TELLING_KINDS,
        ladders=LADDER_TEXT,
        menu=MENU,
        sms=seen.by(Medium.SMS),
        wechat=seen.by(Medium.WECHAT),
        body="" if found.is_own else await policy_text(desk.ledger, found.campaign_id),
    )


ROUTES = (
    web.get(rf"{NAME}/words", words_page),
    web.post(rf"{NAME}/words", save_words),
)
