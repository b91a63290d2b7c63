"""农户: finding households in the user's region. What is looked for is posted, never part of an address (P6)."""

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.domain.regions import Region
from notifier.store.audit import append
from notifier.store.registry_regions import read_regions
from notifier.store.registry_search import (
    PAGE,
    Asked,
    FoundHousehold,
    asked,
    browse,
    from_token,
    search,
    search_part,
)
from notifier.store.reporting import region_names
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import demand, demand_region
from notifier.web.story_words import STATE_TEXT

_AFTER = re.compile(r"(\d{12})-(\d{1,18})")
_NUMBER = re.compile(r"\d{1,18}")
_LONGEST = 60


async def households_page(request: web.Request) -> web.Response:
    """GET /households?region=&after=: the search, and the households of the region, masked, a page at a time."""
    user = demand(request, Permission.HOUSEHOLDS)
    region_code = demand_region(user, request.query.get("region"))
    at = _AFTER.fullmatch(request.query.get("after", ""))
    found = await browse(request.app[DESK].ledger, region_code, (at[1], int(at[2])) if at else ("", 0))
    more = f"{found[-1].region_code}-{found[-1].household_id}" if len(found) == PAGE else None
    return await _page(request, user, found, region_code=region_code, more=more)


async def do_search(request: web.Request) -> web.Response:
    """POST /households/search: words (a name, phone, id or 户编号; with a village a part of a name) -> who it is."""
    user = demand(request, Permission.HOUSEHOLDS)
    form = {key: str(value) for key, value in (await request.post()).items()}
    village = demand_region(user, form.get("village"))
    words = form.get("words", "")[:_LONGEST]
    try:
        if form.get("token"):
            after = form.get("after", "")
            found, token = await _next(request, village, form["token"], int(after) if _NUMBER.fullmatch(after) else 0)
        elif form.get("village") and not re.search(r"\d", words):
            found, token = await search_part(request.app[DESK].ledger, words, village), None
        else:
            found, token = await _first(request, village, words)
    except InputError as refused:
        return await _page(request, user, [], region_code=village, refused=str(refused), searched=True)
    await _audit(request, user, village, len(found))
    more = found[-1].person_id if token and len(found) == PAGE else None
    return await _page(request, user, found, region_code=village, token=token, more=more, searched=True)


async def _first(request: web.Request, region_code: str, words: str) -> tuple[list[FoundHousehold], str | None]:
    ledger = request.app[DESK].ledger
    wanted: Sequence[Asked] = asked(ledger, words)
    for what in wanted:
        found = await search(ledger, what, region_code)
        if found:
            return found, what.token
    return [], None


async def _next(
    request: web.Request, region_code: str, token: str, after: int
) -> tuple[list[FoundHousehold], str | None]:
    what = from_token(token)
    return await search(request.app[DESK].ledger, what, region_code, after), what.token


async def _audit(request: web.Request, user: User, region_code: str, n: int) -> None:
    desk = request.app[DESK]
    async with desk.ledger.writing() as c:
        await append(c, user.name, "household.search", {"region": region_code, "n": n}, at=desk.clock.now())


async def _page(request: web.Request, user: User, found: list[FoundHousehold], **known: Any) -> web.Response:
    ledger = request.app[DESK].ledger
    blank = {"refused": None, "token": None, "more": None, "searched": False}
    return await render(
        request,
        "registry.html",
        found=found,
        names=await region_names(ledger),
        villages=villages_of(user, await read_regions(ledger)),
        STATE_TEXT=STATE_TEXT,
        longest=_LONGEST,
        **blank | known,
    )


def villages_of(user: User, regions: Sequence[Region]) -> list[tuple[str, list[Region]]]:
    """The villages that the user sees, by township: (name, villages), as a form offers them."""
    names = {one.code: one.name for one in regions}
    grouped: dict[str, list[Region]] = {}
    for one in regions:
        if one.level == "village" and user.sees(one.code):
            grouped.setdefault(names.get(one.code[:9] + "000", ""), []).append(one)
    return list(grouped.items())


ROUTES = (
    web.get("/households", households_page),
    web.post("/households/search", do_search),
)
