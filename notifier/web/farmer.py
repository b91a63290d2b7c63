"""A farmer's own page behind the link in their message: large, plain, read aloud, and answered.

No cookie and no session: the link itself is the capability, and knows one household. It works without scripts.
"""

import secrets
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from notifier.domain.errors import InputError
from notifier.web.desk import DESK
from notifier.web.farmer_words import body, heading, said_lines, spoken, state_words, total
from notifier.web.people_desks import FarmerDesk
from notifier.web.voice import Voice

VOICE = web.AppKey("voice", Voice)
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
_DONE = {
    "read": "谢谢，已经记下：您知道了。",
    "ask": "您的问题已经提交。答复会显示在这个页面上，过几天再打开这个链接就能看到。",
    "wrong": "已经记下：这不是您家的。以后不再往这个号码发这一户的消息。",
    "empty": "请先写下您的问题，再按“提交问题”。",
}
_BAD = ("empty",)


def farmers(request: web.Request) -> FarmerDesk:
    """The desk of these pages. Raises HTTPNotFound where none is open."""
    desk = request.app[DESK].farmers
    if desk is None:
        raise web.HTTPNotFound
    return desk


async def farmer_page(request: web.Request) -> web.Response:
    """GET /f/{code}?done=: the page; 410 with kind words for an expired link, 404 for one that never was."""
    try:
        page = await farmers(request).open(request.match_info["code"])
    except InputError as expired:
        return _kindly(request, str(expired), 410)
    if page is None:
        return _kindly(request, "这个链接打不开。请检查是否完整，或打咨询电话询问", 404)
    if page.is_wrong:
        return _kindly(request, _DONE["wrong"], 200)
    done = request.query.get("done", "")
    return plain_page(
        request,
        "farmer.html",
        page=page,
        of=page.telling,
        heading=heading(page.telling),
        state=state_words(page.telling),
        total=total(page.telling),
        lines=said_lines(page.telling),
        body=body(page.name, page.telling, farmers(request).hotline),
        spoken=spoken(page.name, page.telling, farmers(request).hotline),
        has_voice=_voice(request).is_there,
        told=_DONE.get(done),
        is_bad=done in _BAD,
        code=request.match_info["code"],
        once=secrets.token_urlsafe(12),
    )


def plain_page(request: web.Request, template: str, status: int = 200, **known: Any) -> web.Response:
    """A page for farmers, which no search engine keeps and which tells no other site where it was."""
    known = {"hotline": farmers(request).hotline, **known}
    page = aiohttp_jinja2.render_template(template, request, known, status=status)
    page.headers.update(HEADERS)
    return page


def _kindly(request: web.Request, words: str, status: int) -> web.Response:
    return plain_page(request, "farmer_closed.html", status, words=words)


def _voice(request: web.Request) -> Voice:
    return request.app[VOICE]


async def do_farmer(request: web.Request) -> web.Response:
    """POST /f/{code}/{deed}: read, ask (words) or wrong; back to the page, which says that it is done."""
    code, deed, desk = request.match_info["code"], request.match_info["deed"], farmers(request)
    form = await request.post()
    try:
        if deed == "ask":
            words, once = str(form.get("words", "")), str(form.get("once", ""))[:64]
            if not words.strip():
                raise web.HTTPSeeOther(f"/f/{code}?done=empty", headers=HEADERS)
            known = await desk.ask(code, words, once)
        else:
            known = await (desk.acknowledge(code) if deed == "read" else desk.disown(code))
    except InputError as refused:
        return _kindly(request, str(refused), 410)
    if known is None:
        return _kindly(request, "这个链接打不开。请检查是否完整，或打咨询电话询问", 404)
    raise web.HTTPSeeOther(f"/f/{code}?done={deed}", headers=HEADERS)


async def farmer_voice(request: web.Request) -> web.Response:
    """GET /f/{code}/voice.wav: the page read aloud; 404 without an engine."""
    try:
        page = await farmers(request).open(request.match_info["code"])
    except InputError:
        page = None
    if page is None or page.is_wrong:
        raise web.HTTPNotFound
    sound = await _voice(request).spoken(spoken(page.name, page.telling, farmers(request).hotline))
    if sound is None:
        raise web.HTTPNotFound
    return web.Response(body=sound, content_type="audio/wav", headers=HEADERS)


ROUTES = (
    web.get(r"/f/{code:[a-z2-7]{34}}", farmer_page),
    web.post(r"/f/{code:[a-z2-7]{34}}/{deed:read|ask|wrong}", do_farmer),
    web.get(r"/f/{code:[a-z2-7]{34}}/voice.wav", farmer_voice),
)
