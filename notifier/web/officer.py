"""The village officer's list, made for a phone on a slow line: who was not reached, why, and what came of it."""

import secrets
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from notifier.accounts.roles import Permission, Role, User
from notifier.domain.money import yuan
from notifier.domain.outcomes import EXCUSES, REASON_TEXT, Reason
from notifier.domain.placeholders import put_in
from notifier.store import visit_photos
from notifier.store.audit import append
from notifier.store.ledger import Ledger
from notifier.store.reporting import region_names
from notifier.store.visit_homes import (
    Wanted,
    count_homes,
    find_homes,
    first_is_village,
    groups_and_reasons,
    homes_to_visit,
)
from notifier.store.visit_list import Waiting, waiting_by_village
from notifier.store.visits import ABSENCES
from notifier.web.desk import DESK
from notifier.web.officer_words import plain_reason
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import demand, demand_region
from notifier.web.visit_deeds import COUNTY_TIME, HOW, demand_visits, do_visit

MOST_HOMES = 10
"""Households a page: some 35 KB, for a line that gives a few KB a second."""
MOST_AT_ONCE = 500
"""Visits of a township or county that are still listed by household; of more, a village is chosen first."""
_MOST_PAGES = 2000
_LONGEST_SEARCH = 20


def _demand_list(request: web.Request) -> User:
    user = demand(request, Permission.READ)
    if not (user.may(Permission.VISIT) or user.may(Permission.EXCUSE)):
        raise web.HTTPForbidden
    return user


def _page_number(query: Mapping[str, str]) -> int:
    said = query.get("page", "1")
    return min(max(int(said), 1), _MOST_PAGES) if said.isascii() and said.isdigit() and len(said) < 6 else 1


async def visits_page(request: web.Request) -> web.Response:
    """GET /visits?region=&group=&reason=&page=: households that wait, by village and 组; or first the villages, where
    there are many.

    An officer sees their own tasks in clear (P6), which is audited once a list.
    """
    user = _demand_list(request)
    query = request.query
    wanted = Wanted(demand_region(user, query.get("region")), query.get("group", "")[:30], query.get("reason", "")[:30])
    return await _listed(request, user, wanted, _page_number(query))


async def find_page(request: web.Request) -> web.Response:
    """POST /visits/find: the waiting households with this name or phone; a part of a name within one village.

    What was typed is in no address and in no log.
    """
    user = _demand_list(request)
    form = await request.post()
    region_code = demand_region(user, str(form.get("region", "")))
    said = str(form.get("q", "")).strip()[:_LONGEST_SEARCH]
    ids = await find_homes(request.app[DESK].ledger, region_code, said) if said else None
    return await _listed(request, user, Wanted(region_code, household_ids=ids), 1, said)


async def _listed(request: web.Request, user: User, wanted: Wanted, page: int, said: str = "") -> web.Response:
    ledger = request.app[DESK].ledger
    clear = user.role is Role.OFFICER
    villages = () if clear else await _to_choose(ledger, wanted.region_code)
    if villages and wanted.household_ids is None:
        return await _villages(request, wanted.region_code, villages)
    found = await homes_to_visit(ledger, wanted, skip=(page - 1) * MOST_HOMES, most=MOST_HOMES, clear=clear)
    if clear and found:
        shown = {"region": wanted.region_code, "first": found[0].errands[0].visit_id, "n": len(found)}
        async with ledger.writing() as c:
            await append(c, user.name, "visits.shown", shown, at=request.app[DESK].clock.now())
    n_homes = await count_homes(ledger, wanted)
    groups, reasons = ((), {}) if villages else await groups_and_reasons(ledger, wanted.region_code)
    return await render(
        request,
        "visits.html",
        found=found,
        n_homes=n_homes,
        names=await region_names(ledger),
        wanted=wanted,
        page_number=page,
        n_pages=-(-n_homes // MOST_HOMES),
        groups=groups,
        reasons=reasons,
        said=said,
        clear=clear,
        **_words(request, wanted, page),
    )


async def _to_choose(ledger: Ledger, region_code: str) -> Sequence[Waiting]:
    """The villages where visits wait; empty where they are few enough, or of one village."""
    if first_is_village(region_code):
        return ()
    found = await waiting_by_village(ledger, region_code)
    return found if len(found) > 1 and sum(one.n for one in found) > MOST_AT_ONCE else ()


async def _villages(request: web.Request, region_code: str, villages: Sequence[Waiting]) -> web.Response:
    """By township, since a county has some hundred and fifty villages."""
    towns = [(code, list(of)) for code, of in groupby(villages, key=lambda one: one.region_code[:9] + "000")]
    names = await region_names(request.app[DESK].ledger)
    return await render(request, "visit_villages.html", region_code=region_code, towns=towns, names=names)


def _words(request: web.Request, wanted: Wanted, page: int) -> dict[str, Any]:
    asked = {"region": wanted.region_code, "group": wanted.group, "reason": wanted.reason}
    kept = {key: value for key, value in asked.items() if value}
    return {
        "how": HOW,
        "excuses": [(one.value, REASON_TEXT[one]) for one in Reason if one in EXCUSES],
        "absences": [(one.value, REASON_TEXT[one]) for one in Reason if one in ABSENCES],
        "plain": plain_reason,
        "yuan": yuan,
        "filled": lambda text, name, village: put_in(text, {"姓名": name, "村": village}),
        "at": urlencode(kept | {"page": page}),
        "query": urlencode(kept),
        "once": lambda: secrets.token_urlsafe(12),
        "latest": f"{request.app[DESK].clock.now().astimezone(COUNTY_TIME):%Y-%m-%dT%H:%M}",
    }


async def visit_photo(request: web.Request) -> web.Response:
    """GET /visits/{visit}/photo: the photo of a visit in the user's region, which is audited; else 404."""
    user = _demand_list(request)
    visit_id = path_number(request, "visit")
    await demand_visits(request, user, [visit_id])
    desk = request.app[DESK]
    jpeg = await visit_photos.photo_of(desk.ledger, visit_id)
    if jpeg is None:
        raise web.HTTPNotFound
    async with desk.ledger.writing() as c:
        await append(c, user.name, "visit.photo", {"visit": visit_id}, at=desk.clock.now())
    return web.Response(body=jpeg, content_type="image/jpeg")


ROUTES = (
    web.get("/visits", visits_page),
    web.post("/visits/find", find_page),
    web.post(r"/visits/{visit:\d{1,19}}/{deed:sign|excuse|absent|phone|confirm|decline}", do_visit),
    web.get(r"/visits/{visit:\d{1,19}}/photo", visit_photo),
)
