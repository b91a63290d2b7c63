"""A place for every kind of source, which a test fills, spoils and breaks: a folder, a feed and a list on loopback."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.test_utils import TestServer

from notifier.sources.definitions import Definition
from notifier.sources.web_definitions import (
    FeedDefinition,
    HtmlListDefinition,
    JsonListDefinition,
    ScriptListDefinition,
)
from tests.contracts.folder_place import FolderPlace
from tests.contracts.payment_places import a_database, an_api, an_sftp_drop


class Place(Protocol):
    """Where things are published. `show` is called with growing numbers, the oldest first."""

    @property
    def definition(self) -> Definition: ...

    def show(self, n: int) -> None:
        """The n-th thing is there from now on."""

    def show_bad(self) -> None:
        """One thing that no source can use is there."""

    def fail(self) -> None:
        """The place cannot be read."""

    def mend(self) -> None:
        """It can be read again."""


@dataclass
class WebPlace:
    kind: str
    server: TestServer | None = None
    shown: list[int] = field(default_factory=list)
    has_bad: bool = False
    is_down: bool = False

    @property
    def definition(self) -> Definition:
        assert self.server is not None
        url = str(self.server.make_url("/list"))
        where = {"kind": self.kind, "name": "examined", "title": "样例", "url": url, "allow_private": True, "pause": 0}
        if self.kind == "feed":
            return FeedDefinition.model_validate(where)
        if self.kind == "json_list":
            return JsonListDefinition.model_validate({"items": "rows", "body": "div.text", **where})
        if self.kind == "script_list":
            return ScriptListDefinition.model_validate({"items": "rows", "body": "div.text", **where})
        return HtmlListDefinition.model_validate({"item": "li", "body": "div.text", **where})

    def show(self, n: int) -> None:
        self.shown.append(n)

    def show_bad(self) -> None:
        self.has_bad = True

    def fail(self) -> None:
        self.is_down = True

    def mend(self) -> None:
        self.is_down = False

    async def listed(self, request: web.Request) -> web.Response:
        if self.is_down:
            return web.Response(status=503, headers={"Retry-After": "7"})
        tag = f'"{self.shown}{self.has_bad}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        text = self._feed(request) if self.kind == "feed" else self._list()
        if self.kind in ("json_list", "script_list"):
            text = self._rows()
        return web.Response(text=text, content_type="text/html", headers={"ETag": tag})

    def _rows(self) -> str:
        names = ["future"] if self.has_bad else []
        rows = [{"url": f"/page/{n}", "title": f"政策{n}"} for n in [*names, *reversed(self.shown)]]
        said = json.dumps(rows, ensure_ascii=False)
        return f'{{"rows": {said}}}' if self.kind == "json_list" else f"<script>var rows = {said};</script>"

    def _list(self) -> str:
        bad = "<li><a href='/page/future'>来自将来的一条</a></li>" if self.has_bad else ""
        return bad + "".join(f"<li><a href='/page/{n}'>政策{n}</a></li>" for n in reversed(self.shown))

    def _feed(self, request: web.Request) -> str:
        future = "<item><title>来自将来的一条</title><link>/page/future</link><pubDate>2099-01-01</pubDate></item>"
        bad = future if self.has_bad else ""
        items = "".join(
            f"<item><title>政策{n}</title><link>{request.url.origin()}/page/{n}</link>"
            f"<pubDate>{_day(n)}</pubDate><description>第{n}号正文。</description></item>"
            for n in reversed(self.shown)
        )
        return f"<rss version='2.0'><channel><title>样例</title>{bad}{items}</channel></rss>"

    async def page(self, request: web.Request) -> web.Response:
        n = request.match_info["n"]
        dated = f"<meta name='PubDate' content='{_day(int(n)) if n.isdigit() else '2099-01-01'}'>"
        text = f"<html><head>{dated}</head><body><h1>政策{n}</h1><div class='text'>第{n}号正文。</div></body></html>"
        return web.Response(text=text, content_type="text/html")


def _day(n: int) -> str:
    return (date(2026, 1, 1) + timedelta(days=n)).isoformat()


@asynccontextmanager
async def a_folder(path: Path) -> AsyncIterator[Place]:
    folder = path / "watched"
    folder.mkdir()
    yield FolderPlace(folder)


def a_site(kind: str) -> Callable[[Path], AbstractAsyncContextManager[Place]]:
    return lambda path: _a_site(kind)


@asynccontextmanager
async def _a_site(kind: str) -> AsyncIterator[Place]:
    place = WebPlace(kind)
    application = web.Application()
    application.router.add_get("/list", place.listed)
    application.router.add_get("/page/{n}", place.page)
    server = TestServer(application)
    async with server:
        place.server = server
        yield place


PLACES: dict[str, Callable[[Path], AbstractAsyncContextManager[Place]]] = {
    "folder": a_folder,
    "sftp": an_sftp_drop,
    "payment_api": an_api,
    "sql_query": a_database,
    **{kind: a_site(kind) for kind in ("feed", "html_list", "json_list", "script_list")},
}
