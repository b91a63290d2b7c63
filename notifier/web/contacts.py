"""共用号码, 微信绑定 and 各村情况: how the households of a region can be reached."""

import re

from aiohttp import web

from notifier.accounts.roles import Permission
from notifier.domain.regions import level_of
from notifier.store.registry_overview import (
    PAGE,
    carriers_of,
    children_of,
    count_followers,
    list_followers,
    list_shared,
)
from notifier.store.reporting import region_names
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region
from notifier.web.story_words import REACH_TEXT

_NUMBER = re.compile(r"\d{1,18}")
_PAIR = re.compile(r"(\d{1,18})-(\d{1,18})")


def _after(request: web.Request) -> int:
    wanted = request.query.get("after", "")
    return int(wanted) if _NUMBER.fullmatch(wanted) else 0


async def shared_page(request: web.Request) -> web.Response:
    """GET /shared-phones?region=&after=: numbers that several households of the region carry, masked, most first."""
    user = demand(request, Permission.HOUSEHOLDS)
    desk = request.app[DESK]
    region_code = demand_region(user, request.query.get("region"))
    found = await list_shared(desk.ledger, region_code, _after(request))
    return await render(
        request,
        "shared_phones.html",
        found=found,
        names=await region_names(desk.ledger),
        region_code=region_code,
        above=desk.registry.shared_above,
        more=_after(request) + PAGE if len(found) == PAGE else None,
    )


async def carriers_page(request: web.Request) -> web.Response:
    """GET /shared-phones/{contact}: the region's households that carry the same number, masked; 404 elsewhere."""
    user = demand(request, Permission.HOUSEHOLDS)
    desk = request.app[DESK]
    found = await carriers_of(desk.ledger, path_number(request, "contact"), user.region_code)
    if found is None:
        raise web.HTTPNotFound
    names = await region_names(desk.ledger)
    return await render(request, "carriers.html", shared=found, names=names, above=desk.registry.shared_above)


async def followers_page(request: web.Request) -> web.Response:
    """GET /followers?region=&after=: who of the region is bound to the official account, masked."""
    user = demand(request, Permission.HOUSEHOLDS)
    ledger = request.app[DESK].ledger
    region_code = demand_region(user, request.query.get("region"))
    at = _PAIR.fullmatch(request.query.get("after", ""))
    found = await list_followers(ledger, region_code, (int(at[1]), int(at[2])) if at else (0, 0))
    return await render(
        request,
        "followers.html",
        found=found,
        counts=await count_followers(ledger, region_code),
        names=await region_names(ledger),
        region_code=region_code,
        REACH_TEXT=REACH_TEXT,
        more=f"{found[-1].household_id}-{found[-1].contact_id}" if len(found) == PAGE else None,
    )


async def regions_page(request: web.Request) -> web.Response:
    """GET /regions?region=: the regions inside it with households, and how many can be reached by what."""
    user = demand(request, Permission.HOUSEHOLDS)
    ledger = request.app[DESK].ledger
    region_code = demand_region(user, request.query.get("region"))
    names = await region_names(ledger)
    parent = None if region_code == user.region_code else _parent(region_code)
    return await render(
        request,
        "regions.html",
        region_code=region_code,
        names=names,
        parent=parent,
        found=await children_of(ledger, region_code),
        level_of=level_of,
    )


def _parent(code: str) -> str:
    end = {"village": 9, "township": 6, "county": 4, "city": 2}.get(level_of(code), 2)
    return code[:end].ljust(12, "0")


ROUTES = (
    web.get("/shared-phones", shared_page),
    web.get(r"/shared-phones/{contact:\d{1,19}}", carriers_page),
    web.get("/followers", followers_page),
    web.get("/regions", regions_page),
)
