"""Help (帮助): a page for each screen, in plain words."""

from aiohttp import web

from notifier.web.help_texts import help_pages
from notifier.web.pages import render


async def contents_page(request: web.Request) -> web.Response:
    """GET /help: which help pages there are."""
    return await render(request, "help.html", pages=help_pages().values(), page=None)


async def help_page(request: web.Request) -> web.Response:
    """GET /help/{screen}: one of them."""
    page = help_pages().get(request.match_info["screen"])
    if page is None:
        raise web.HTTPNotFound
    return await render(request, "help.html", pages=help_pages().values(), page=page)


ROUTES = (web.get("/help", contents_page), web.get("/help/{screen:[a-z]{1,20}}", help_page))
