"""我的补贴: what the households of a bound follower were told, with its history, questions and consents."""

import secrets
from dataclasses import dataclass

from aiohttp import web

from notifier.domain.errors import InputError, NotifierError
from notifier.store.following import accepts
from notifier.web.binding import follower_page
from notifier.web.desk import DESK
from notifier.web.farmer import HEADERS
from notifier.web.farmer_words import body, heading, said_lines, state_words, total
from notifier.web.people_desks import Consent, Rights
from notifier.web.sessions import tell
from notifier.web.visitors import door, visitor


async def mine_page(request: web.Request) -> web.Response:
    """GET /wechat/mine: newest first, in large type; who is bound to nobody is led to the binding page."""
    openid = await visitor(request, "mine")
    desk, _ = door(request)
    mine = await desk.mine(openid)
    if not mine.bound:
        raise web.HTTPSeeOther("/wechat/bind")
    names = {one.household_id: one.name for one in reversed(mine.bound)}
    shown = [
        (of, heading(of), state_words(of), total(of), said_lines(of), body(names[of.household_id], of, desk.hotline))
        for of in mine.tellings
    ]
    asked = await _asked(request, openid)
    known = {"mine": mine, "shown": shown, "once": secrets.token_urlsafe(12), "asked": asked}
    page = await follower_page(request, "mine.html", **known)
    if asked is not None and asked.rights is not None:
        page.headers["Content-Security-Policy"] = _letting_in(asked.consent.script_url)
    return page


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the page says of subscription notices; `rights` is None when nothing is to be asked, or cannot be."""

    consent: Consent
    accepts: bool
    rights: Rights | None


async def _asked(request: web.Request, openid: str) -> _Asked | None:
    desk = request.app[DESK]
    if desk.consent is None:
        return None
    if await accepts(desk.ledger, openid, desk.consent.template):
        return _Asked(desk.consent, True, None)
    _, account = door(request)
    try:
        rights = await account.page_rights(f"{desk.settings.public_url.rstrip('/')}/wechat/mine")
    except NotifierError:
        return None
    return _Asked(desk.consent, False, rights)


def _letting_in(script_url: str) -> str:
    """The policy of the one page that loads WeChat's script: its own, and that script's place."""
    place = "/".join(script_url.split("/", 3)[:3])
    strict = HEADERS["Content-Security-Policy"]
    return strict.replace("script-src 'self'", f"script-src 'self' {place}") + f"; connect-src 'self' {place}"


async def do_mine(request: web.Request) -> web.Response:
    """POST /wechat/mine/{deed}: read (owed), ask (household, words) or unbind (person); 404 for another's."""
    openid = await visitor(request, "mine")
    desk, _ = door(request)
    deed = request.match_info["deed"]
    form = {key: str(value) for key, value in (await request.post()).items()}
    try:
        if deed == "read":
            is_done, words = await desk.acknowledge(openid, _number(form, "owed")), "谢谢，已经记下：您知道了"
        elif deed == "ask":
            asking = desk.ask(openid, _number(form, "household"), form.get("words", ""), form.get("once", "")[:64])
            is_done, words = await asking, "您的问题已经提交，答复会显示在这个页面上"
        else:
            is_done, words = await desk.unbind(openid, _number(form, "person")), "已经解除绑定"
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/wechat/mine") from None
    if not is_done:
        raise web.HTTPNotFound
    await tell(request, words)
    raise web.HTTPSeeOther("/wechat/mine")


def _number(form: dict[str, str], name: str) -> int:
    said = form.get(name, "")
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise web.HTTPBadRequest
    return int(said)


ROUTES = (
    web.get("/wechat/mine", mine_page),
    web.post("/wechat/mine/{deed:read|ask|unbind}", do_mine),
)
