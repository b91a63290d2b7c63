"""接口密钥: keys of other systems, made and revoked by those who manage users."""

from aiohttp import web

from notifier.accounts.keys import LONGEST_DAYS, KeyDesk
from notifier.accounts.roles import PERMISSION_TEXT, Permission
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.store.reporting import region_names
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.people import regions_under
from notifier.web.reports import path_number
from notifier.web.sessions import demand, tell

_DAYS = (30, 90, 180, LONGEST_DAYS)


def _desk(request: web.Request) -> KeyDesk:
    return KeyDesk(request.app[DESK].ledger, request.app[DESK].clock)


async def keys_page(request: web.Request) -> web.Response:
    """GET /keys: the keys of the region, the newest first."""
    user = demand(request, Permission.MANAGE)
    return await render(
        request,
        "keys.html",
        keys=await _desk(request).keys(user),
        names=await region_names(request.app[DESK].ledger),
        now=request.app[DESK].clock.now(),
        regions=await regions_under(request, user),
        permissions={one.value: words for one, words in PERMISSION_TEXT.items()},
        days=_DAYS,
    )


async def add_key(request: web.Request) -> web.Response:
    """POST /keys/add: the key is in force; the page shows it, once."""
    user = demand(request, Permission.MANAGE)
    form = await request.post()
    named = {str(value) for value in form.getall("permission", [])}
    days = str(form.get("days", ""))
    allowed = [one for one in PERMISSION_TEXT if one.value in named]
    title, region_code = str(form.get("title", "")), str(form.get("region", ""))
    n_days = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
    try:
        secret = await _desk(request).make(user, title, allowed, region_code, n_days)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/keys") from None
    return await render(request, "key_made.html", title=masked(title), secret=secret)


async def revoke_key(request: web.Request) -> web.Response:
    """POST /keys/{key}/revoke: it opens nothing any more; 404 outside the region."""
    user, key_id = demand(request, Permission.MANAGE), path_number(request, "key")
    if not await _desk(request).has(user, key_id):
        raise web.HTTPNotFound
    await attempt(request, _desk(request).revoke(user, key_id), "已撤销，立即失效")
    raise web.HTTPSeeOther("/keys")


ROUTES = (
    web.get("/keys", keys_page),
    web.post("/keys/add", add_key),
    web.post(r"/keys/{key:\d{1,19}}/revoke", revoke_key),
)
