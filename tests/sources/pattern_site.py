"""A site on loopback that publishes the same five articles by every pattern, quirks included; its wire leads there."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer

from notifier.wire import Reply, Visit, Wire

HOST = "www.example.gov.cn"


@dataclass(frozen=True)
class Text:
    """One article, as it should be read."""

    n: int
    title: str
    on: date
    number: str | None
    body: str

    @property
    def paragraphs(self) -> str:
        return "".join(f"<p>　　{line}</p>" for line in self.body.split("\n"))


def _text(n: int, what: str, number: str | None) -> Text:
    first = f"各乡镇人民政府：现将{what}有关事项通知如下，请认真组织落实，确保政策惠及每一户农户。"
    body = f"{first}\n一、补贴对象为本县农户，补贴标准为每亩{n}7.5元，资金通过一卡通发放。\n咨询电话：0954-701{n}000"
    return Text(n, f"关于做好2026年{what}工作的通知", date(2026, 11, n), number, body)


TEXTS = (
    _text(1, "耕地地力保护补贴", "彭政办发〔2026〕11号"),
    _text(2, "草原生态保护补助奖励", "彭政办发〔2026〕12号"),
    _text(3, "农机购置与应用补贴", "彭政办发〔2026〕13号"),
    _text(4, "高龄津贴发放", "彭政办发〔2026〕14号"),
    _text(5, "冬季取暖煤配送", None),
)
NEWEST = TEXTS[::-1]

Answer = Callable[[web.Request, str], web.Response]


@dataclass
class Site:
    """What is asked is answered by path; `asked` is every request as (method, path with query, body)."""

    pages: Mapping[str, Answer]
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.asked.append((request.method, request.path_qs, body))
        found = self.pages.get(request.path)
        return web.Response(status=404) if found is None else found(request, body)


def page(html: str, encoding: str = "utf-8", says: str | None = "utf-8", kind: str = "text/html") -> Answer:
    """A page in an encoding; `says` is the charset of its header, None for none."""
    told = kind if says is None else f"{kind}; charset={says}"
    return lambda request, body: web.Response(body=html.encode(encoding), headers={"Content-Type": told})


def refused(status: int) -> Answer:
    return lambda request, body: web.Response(status=status)


def article(text: Text, holder: str, metas: str = "", around: str = "") -> str:
    """An article's page: `holder` is an element with {} for the text."""
    bar = "<div class=nav><a href='/'>首页</a> <a href='/zwgk/'>政务公开</a></div>"
    number = f"<p>{text.number}</p>" if text.number else ""
    return (
        f"<html><head><title>{text.title}</title>{metas}</head><body>{bar}<h1>{text.title}</h1>{number}{around}"
        f"{holder.format(text.paragraphs)}<div class=foot>版权所有</div></body></html>"
    )


def rows(template: str, some: Sequence[Text] = NEWEST, joint: str = "") -> str:
    """The rows of a list: {one} is the article, {cut} the start of its title, {packed} its date in digits."""
    return joint.join(template.format(one=one, cut=one.title[:10], packed=f"{one.on:%Y%m%d}") for one in some)


def chunks(n: int) -> list[Sequence[Text]]:
    """The articles, newest first, `n` a page."""
    return [NEWEST[at : at + n] for at in range(0, len(NEWEST), n)]


def articles(path: str, holder: str, metas: str = "", around: str = "", encoding: str = "utf-8") -> dict[str, Answer]:
    """The articles' pages by path; an encoding other than UTF-8 is told by a meta only, and as gb2312."""
    says, told = ("utf-8", metas) if encoding == "utf-8" else (None, f"<meta charset=gb2312>{metas}")
    return {
        path.format(n=one.n, on=one.on): page(
            article(one, holder, told.format(one=one), around.format(one=one)), encoding, says
        )
        for one in TEXTS
    }


class Rerouted:
    """The real wire, but every name of a site leads to the test's server."""

    def __init__(self, wire: Wire, server: TestServer) -> None:
        self.wire, self.server = wire, server

    async def fetch(self, visit: Visit) -> Reply:
        parts = urlsplit(visit.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return await self.wire.fetch(replace(visit, url=f"http://{self.server.host}:{self.server.port}{path}"))


@asynccontextmanager
async def served(pages: Mapping[str, Answer]) -> AsyncIterator[tuple[Site, TestServer]]:
    """The site, running."""
    site = Site(pages)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", site.answer)
    server = TestServer(application)
    async with server:
        yield site, server
