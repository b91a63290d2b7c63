"""The policy site over HTTP: lists, articles and a feed for the watcher; levers for the demo under /sandbox/site."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from notifier.sandbox.site.articles import Article, SiteState, UnknownArticle
from notifier.sandbox.site.pages import COLUMNS, Column, article_page, feed, front_page, list_page, n_pages

SITE: web.AppKey[SiteState] = web.AppKey("site", SiteState)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_site(state: SiteState | None = None) -> web.Application:
    """An application that serves `state` (a freshly opened site when None); the caller runs it.

    Pages carry an ETag. `POST /sandbox/site/publish` {"slug": …} or {} publishes one or all that wait,
    `republish` {"slug": …} moves one, `misbehave` {"status", "times", "blank"} breaks it; `GET /sandbox/site` tells.
    """
    app = web.Application(middlewares=[_misbehaving])
    app[SITE] = state or SiteState()
    app.router.add_get("/", _front)
    app.router.add_get("/rss.xml", _feed)
    app.router.add_get("/sandbox/site", _state)
    app.router.add_post("/sandbox/site/publish", _publish)
    app.router.add_post("/sandbox/site/republish", _republish)
    app.router.add_post("/sandbox/site/misbehave", _misbehave)
    for column in COLUMNS:
        pages = _Pages(column)
        app.router.add_get(f"{column.folder}list.html", pages.first)
        app.router.add_get(column.folder + r"list_{page:[1-9]\d*}.html", pages.later)
        app.router.add_get(column.folder + r"{month:\d{6}}/{file}", pages.article)
    return app


@web.middleware
async def _misbehaving(request: web.Request, handler: _Handler) -> web.StreamResponse:
    state = request.app[SITE]
    if state.fail_times and not request.path.startswith("/sandbox/"):
        state.fail_times -= 1
        return web.Response(status=state.fail_status, text="")
    return await handler(request)


class _Pages:
    """The lists and articles of one column."""

    def __init__(self, column: Column) -> None:
        self._column = column

    async def first(self, request: web.Request) -> web.Response:
        """list.html"""
        return self._list(request, 0)

    async def later(self, request: web.Request) -> web.Response:
        """list_1.html is the second page."""
        return self._list(request, int(request.match_info["page"]))

    def _list(self, request: web.Request, page: int) -> web.Response:
        state = request.app[SITE]
        articles = [] if state.blank else state.in_column(self._column.key)
        if page >= n_pages(len(articles)):
            raise web.HTTPNotFound
        return self._answer(request, list_page(self._column, articles, page))

    async def article(self, request: web.Request) -> web.Response:
        """One article by its address below the column."""
        address = f"{request.match_info['month']}/{request.match_info['file']}"
        for article in request.app[SITE].in_column(self._column.key):
            if article.address == address:
                return self._answer(request, article_page(self._column, article))
        raise web.HTTPNotFound

    def _answer(self, request: web.Request, html: str) -> web.Response:
        body = html.encode(self._column.encoding)
        # a page in an old charset is the one whose server names none
        charset = "; charset=utf-8" if self._column.encoding == "utf-8" else ""
        return _tagged(request, body, f"text/html{charset}")


def _tagged(request: web.Request, body: bytes, content_type: str) -> web.Response:
    tag = hashlib.sha256(body).hexdigest()[:32]
    if any(seen.value == tag for seen in request.if_none_match or ()):
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    return web.Response(body=body, headers={"Content-Type": content_type, "ETag": f'"{tag}"'})


def _json(answer: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(answer, status=status, dumps=_readable)


def _readable(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False)


async def _front(request: web.Request) -> web.Response:
    return _tagged(request, front_page().encode(), "text/html; charset=utf-8")


async def _feed(request: web.Request) -> web.Response:
    articles = request.app[SITE].articles
    body = feed(str(request.url.origin()), articles).encode()
    return _tagged(request, body, "application/rss+xml; charset=utf-8")


async def _state(request: web.Request) -> web.Response:
    state = request.app[SITE]
    lists = [{"name": c.name, "list": f"{c.folder}list.html", "encoding": c.encoding} for c in COLUMNS]
    published = [_told(article) for article in state.articles]
    return _json({"lists": lists, "published": published, "waiting": list(state.waiting)})


async def _publish(request: web.Request) -> web.Response:
    asked = await _asked(request)
    try:
        published = request.app[SITE].publish(asked.get("slug"))
    except UnknownArticle as error:
        return _json({"error": str(error)}, status=404)
    return _json({"published": [_told(article) for article in published]})


async def _republish(request: web.Request) -> web.Response:
    asked = await _asked(request)
    try:
        article = request.app[SITE].republish(str(asked.get("slug")))
    except UnknownArticle as error:
        return _json({"error": str(error)}, status=404)
    return _json({"published": [_told(article)]})


async def _misbehave(request: web.Request) -> web.Response:
    asked, state = await _asked(request), request.app[SITE]
    status, times = asked.get("status", 500), asked.get("times", 0)
    if not isinstance(status, int) or not 400 <= status <= 599 or not isinstance(times, int) or times < 0:
        return _json({"error": "status 应为 400 到 599，times 应为不小于 0 的整数"}, status=400)
    state.fail_status, state.fail_times, state.blank = status, times, asked.get("blank") is True
    return _json({"status": status, "times": times, "blank": state.blank})


async def _asked(request: web.Request) -> dict[str, Any]:
    body = await request.text()
    if not body:
        return {}
    try:
        asked = await request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise web.HTTPBadRequest(text="请求内容应为 JSON 对象")
    return asked


def _told(article: Article) -> dict[str, str]:
    folder = next(column.folder for column in COLUMNS if column.key == article.column)
    return {
        "slug": article.slug,
        "title": article.title,
        "doc_number": article.doc_number,
        "published_on": str(article.published_on),
        "url": folder + article.address,
        "topic": article.topic,
        "audience": article.audience,
    }
