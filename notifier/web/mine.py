"""我的补贴: what the households of a bound follower were told, with its history, questions and consents."""

import secrets

from aiohttp import web

from notifier.domain.errors import InputError
from notifier.web.binding import follower_page
from notifier.web.farmer_words import heading, said_lines, state_words, total
from notifier.web.sessions import tell
from notifier.web.visitors import door, visitor


async def mine_page(request: web.Request) -> web.Response:
    """GET /wechat/mine: newest first, in large type; who is bound to nobody is led to the binding page."""
    openid = await visitor(request, "mine")
    desk, _ = door(request)
    mine = await desk.mine(openid)
    if not mine.bound:
        raise web.HTTPSeeOther("/wechat/bind")
    shown = [(of, heading(of), state_words(of), total(of), said_lines(of)) for of in mine.tellings]
    return await follower_page(request, "mine.html", mine=mine, shown=shown, once=secrets.token_urlsafe(12))


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
