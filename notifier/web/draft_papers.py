"""What the providers say of the templates that a draft would be told by; asked while the page is being read."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from notifier.campaigns.drafting import typed_of
from notifier.campaigns.previewing import GATEWAY_TEXT
from notifier.domain.contracts import Paper, ShowsPapers
from notifier.web.desk import DESK, FrontDesk
from notifier.web.drafts import NAME, own_draft
from notifier.web.pages import render_part

_PATIENCE_S = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper with the gateway that it is for."""

    gateway: str
    paper: Paper


async def papers_part(request: web.Request) -> web.Response:
    """GET /drafts/{campaign}/papers: each template gateway's word on the signature and the template."""
    _, found = await own_draft(request)
    desk, typed = request.app[DESK], typed_of(found)
    texts = desk.drafts.shop.wording.texts.get(typed.kind, {})
    asked = [
        _papers(desk, name, {texts[name].template: texts[name].content})
        for name in desk.channels
        if name in texts and (not typed.gateways or name in typed.gateways)
    ]
    shown = [one for several in await asyncio.gather(*asked) for one in several]
    return await render_part(request, "_draft_papers.html", shown=shown)


async def _papers(desk: FrontDesk, name: str, templates: dict[str, str]) -> list[Shown]:
    channel, called = desk.channels[name], GATEWAY_TEXT.get(name, name)
    if not isinstance(channel, ShowsPapers):
        return []
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return [Shown(called, paper) for paper in await channel.papers(templates)]
    except TimeoutError:
        return [Shown(called, Paper("模板", False, "通道没有回应，请稍后再看"))]


ROUTES = (web.get(rf"{NAME}/papers", papers_part),)
