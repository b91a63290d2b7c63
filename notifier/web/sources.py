"""来源: how each watched place fares, and what waits for a person: 更正, undated items, payment lists on pages."""

import difflib
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.domain.watched import SourceState
from notifier.store.attachments import payment_drafts
from notifier.store.health import SourceHealth, source_health
from notifier.store.undated import undated_items
from notifier.store.versions import WaitingVersion, waiting_versions
from notifier.watch.deciding import Decider
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import demand, tell
from notifier.web.source_desk import SourceDesk

_MOST_LINES = 60
_ABOUT = 1
_WIDE = ("county", "city", "province")


def _desk(request: web.Request) -> SourceDesk:
    desk = request.app[DESK].sources
    if desk is None:
        raise web.HTTPNotFound
    return desk


async def sources_page(request: web.Request) -> web.Response:
    """GET /sources: every source's health; and what of the user's region waits for a decision."""
    user = demand(request, Permission.SOURCES)
    desk, ledger = _desk(request), request.app[DESK].ledger
    known = {one.name: one for one in await source_health(ledger)}
    listed = [(title, known.get(name) or _unseen(name)) for name, title in desk.titles.items()]
    judges = user.may(Permission.JUDGE)
    return await render(
        request,
        "sources.html",
        listed=sorted(listed, key=lambda one: (_gravity(one[1]), one[0])),
        versions=[(one, changes(one)) for one in await waiting_versions(ledger, user.region_code)] if judges else [],
        undated=await undated_items(ledger, user.region_code) if judges else [],
        lists=await payment_drafts(ledger, user.region_code) if judges else [],
        titles=desk.titles,
        judges=judges,
        is_wide=level_of(user.region_code) in _WIDE,
    )


def _unseen(name: str) -> SourceHealth:
    return SourceHealth(name, SourceState.WELL, None, None, None, None, None, None, None, 0, 0)


def _gravity(of: SourceHealth) -> int:
    return list(SourceState).index(of.state)


def changes(of: WaitingVersion) -> Sequence[tuple[str, str]]:
    """The changed text line by line: ("+", new), ("-", what was told), (" ", what is around); "…" where lines are
    left out."""
    before, after = of.told_body.splitlines(), of.body.splitlines()
    found: list[tuple[str, str]] = []
    if of.title != of.told_title:
        found += [("-", of.told_title), ("+", of.title)]
    for line in difflib.unified_diff(before, after, lineterm="", n=_ABOUT):
        if line.startswith(("---", "+++")):
            continue
        found.append(("…", "") if line.startswith("@@") else (line[:1], line[1:]))
    return found[:_MOST_LINES]


async def do_source(request: web.Request) -> web.Response:
    """POST /sources/{deed}: look, accept, anew (source); date, refuse (item, on); tell, dismiss (benefit, version);
    take, drop (list). What is not of the user's region is not there."""
    deed = request.match_info["deed"]
    user = demand(request, Permission.SOURCES if deed == "look" else Permission.JUDGE)
    desk = _desk(request)
    form = {key: str(value) for key, value in (await request.post()).items()}
    if deed == "look":
        try:
            await tell(request, await desk.look(form.get("source", ""), user.name))
        except InputError as refused:
            await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/sources")
    if deed in ("accept", "anew") and level_of(user.region_code) not in _WIDE:
        raise web.HTTPNotFound
    doing, words = _deed(desk, deed, form, user)
    await attempt(request, doing, words)
    raise web.HTTPSeeOther("/sources")


def _deed(desk: SourceDesk, deed: str, form: Mapping[str, str], user: User) -> tuple[Awaitable[object], str]:
    who, deciding = Decider(user.name, user.region_code), desk.deciding
    match deed:
        case "accept" | "anew":
            doing = deciding.accept_list(form.get("source", ""), who, anew=deed == "anew")
            return doing, "已确认列表现在的样子" + ("，下次查看只作基线，不通知" if deed == "anew" else "")
        case "date":
            return deciding.date_item(_id(form, "item"), _day(form), who), "已补日期；识别后会出现在政策页"
        case "refuse":
            return deciding.refuse_item(_id(form, "item"), who), "已标记为不通知"
        case "tell":
            done = deciding.tell_version(_id(form, "benefit"), _id(form, "version"), who)
            return done, "已作为更正再次通知；将按政策审核流程处理"
        case "dismiss":
            return deciding.dismiss_version(_id(form, "benefit"), _id(form, "version"), who), "已标记为不再通知"
        case "take":
            return deciding.take_draft(_id(form, "list"), who), "清单已导入"
    return deciding.refuse_draft(_id(form, "list"), who), "清单不导入"


def _id(form: Mapping[str, str], name: str) -> int:
    said = form.get(name, "")
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise web.HTTPBadRequest(text="请从页面上的按钮操作")
    return int(said)


def _day(form: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(form.get("on", ""))
    except ValueError:
        raise web.HTTPBadRequest(text="请填写发布日期，例如 2026-11-24") from None


ROUTES = (
    web.get("/sources", sources_page),
    web.post("/sources/{deed:look|accept|anew|date|refuse|tell|dismiss|take|drop}", do_source),
)
