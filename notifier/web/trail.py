"""审计: who did what, for those who may read it, within their region."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from notifier.accounts.roles import Permission
from notifier.domain.free_text import masked
from notifier.store.audit import Entry, Wanted, append, entries, head, verify
from notifier.store.reporting import region_names
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import demand, tell
from notifier.web.trail_words import DETAIL_TEXT, KIND_TEXT, deed_text, in_words

_PAGE = 50
_COUNTY_TIME = ZoneInfo("Asia/Shanghai")


async def trail_page(request: web.Request) -> web.Response:
    """GET /audit: the newest entries. POST /audit: those that the form asks for (a name stays out of the address)."""
    user = demand(request, Permission.AUDIT)
    desk = request.app[DESK]
    form = {key: str(value) for key, value in (await request.post()).items()}
    wanted = _wanted(form)
    found = await entries(desk.ledger, user.region_code, wanted, _PAGE)
    if request.method == "POST":
        async with desk.ledger.writing() as c:
            kept = {"what": wanted.what, "n": len(found)}
            await append(c, user.name, "audit.shown", kept, at=desk.clock.now())
    names = await region_names(desk.ledger)
    return await render(
        request,
        "trail.html",
        rows=[(one, deed_text(one.what), _detail(one, names)) for one in found],
        form=form | {"who": masked(wanted.who)},
        kinds=KIND_TEXT,
        more=found[-1].entry_id if len(found) == _PAGE else None,
    )


async def do_verify(request: web.Request) -> web.Response:
    """POST /audit/verify: says whether the chain is whole, and its head to be written down."""
    user = demand(request, Permission.AUDIT)
    desk = request.app[DESK]
    breaks, newest = await verify(desk.ledger), await head(desk.ledger)
    async with desk.ledger.writing() as c:
        await append(c, user.name, "audit.verified", {"breaks": len(breaks)}, at=desk.clock.now())
    if breaks:
        places = "；".join(f"第 {one.entry_id} 条{one.why}" for one in breaks[:5])
        await tell(request, f"审计链有 {len(breaks)} 处断点：{places}。请保留现场并联系维护人员", is_error=True)
    else:
        at = f"共 {newest.entry_id} 条，链头 {newest.hash}，可以抄下来以后核对" if newest else "还没有记录"
        await tell(request, f"审计链完整：{at}")
    raise web.HTTPSeeOther("/audit")


def _wanted(form: Mapping[str, str]) -> Wanted:
    since, until = _day(form.get("since", "")), _day(form.get("until", ""))
    before = form.get("before", "")
    return Wanted(
        who=form.get("who", "").strip()[:64],
        what=form.get("kind", "") if form.get("kind", "") in KIND_TEXT else "",
        since=since,
        until=until + timedelta(days=1) if until else None,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0,
    )


def _day(written: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(written), time(), _COUNTY_TIME)
    except ValueError:
        return None


def _detail(entry: Entry, names: Mapping[str, str]) -> str:
    told = json.loads(entry.detail)
    said = [(DETAIL_TEXT.get(key, key), in_words(key, value, names)) for key, value in told.items()]
    return "，".join(f"{key} {words}" for key, words in said if words)


ROUTES = (
    web.get("/audit", trail_page),
    web.post("/audit", trail_page),
    web.post("/audit/verify", do_verify),
)
