"""A user's own WeChat for alerts: the console shows a QR code, the phone that scans it says yes."""

import hmac
import io

import segno
from aiohttp import web
from aiohttp_session import get_session

from notifier.accounts.desk import user_named
from notifier.accounts.own import OwnPhone
from notifier.accounts.roles import User
from notifier.store.accounts import list_accounts
from notifier.store.factors import FactorKind, factors_of
from notifier.web.binding import follower_page
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.sessions import USER
from notifier.web.visitors import door, visitor

_SLOT_S = 600
"""How long a QR code is good: until the end of the slot after the one it was shown in."""
_HERE = "/wechat/staff"


async def image(request: web.Request) -> web.Response:
    """GET /account/wechat.svg: the QR code for the user's own phone; 404 where no official account is enabled."""
    door(request)
    mark = _marks(request, request[USER].name)[0]
    url = f"{request.app[DESK].settings.public_url.rstrip('/')}{_HERE}/{mark}"
    drawn = io.BytesIO()
    segno.make(url, micro=False).save(drawn, kind="svg", scale=6, border=4, light="#fff")
    return web.Response(body=drawn.getvalue(), content_type="image/svg+xml")


async def scanned(request: web.Request) -> web.Response:
    """GET /wechat/staff/{mark}: this phone came by the QR code of a user; goes on without it in the address."""
    door(request)
    (await get_session(request))["staff"] = request.match_info["mark"]
    raise web.HTTPSeeOther(_HERE)


async def ask_page(request: web.Request) -> web.Response:
    """GET /wechat/staff: whose alerts would come to this WeChat, and a button to say yes."""
    user = await _user(request)
    await visitor(request, "staff")
    return await follower_page(request, "staff_wechat.html", name=user.name, is_bound=False)


async def do_bind(request: web.Request) -> web.Response:
    """POST /wechat/staff: alerts for the user come to this WeChat from now on."""
    user, openid = await _user(request), await visitor(request, "staff")
    desk = request.app[DESK]
    await OwnPhone(desk.ledger, desk.clock, desk.codes).follow(user.name, openid)
    (await get_session(request)).pop("staff", None)
    return await follower_page(request, "staff_wechat.html", name=user.name, is_bound=True)


async def do_drop(request: web.Request) -> web.Response:
    """POST /account/wechat/drop: no alert comes by WeChat any more."""
    desk = request.app[DESK]
    dropping = OwnPhone(desk.ledger, desk.clock, desk.codes).unfollow(request[USER].name)
    await attempt(request, dropping, "已解除微信，不再收到微信提醒")
    raise web.HTTPSeeOther("/account")


async def _user(request: web.Request) -> User:
    """The user whose QR code this phone scanned lately, and who has no WeChat here yet. Raises HTTPForbidden."""
    mark = (await get_session(request)).get("staff")
    for account in await list_accounts(request.app[DESK].ledger):
        if any(hmac.compare_digest(str(mark), one) for one in _marks(request, account.name)):
            user = await user_named(request.app[DESK].ledger, account.name)
            if user is not None and FactorKind.OPENID not in await factors_of(request.app[DESK].ledger, user.name):
                return user
    raise web.HTTPForbidden(text="二维码已过期或已用过，请在控制台“我的账号”里重新扫描")


def _marks(request: web.Request, name: str) -> list[str]:
    """What stands for the user in a QR code: of this slot, and of the one before, which is still good."""
    desk = request.app[DESK]
    slot = int(desk.clock.now().timestamp()) // _SLOT_S
    return [desk.ledger.vault.blind("staff-wechat", f"{one}|{name}").hex() for one in (slot, slot - 1)]


ROUTES = (
    web.get("/account/wechat.svg", image),
    web.post("/account/wechat/drop", do_drop),
    web.get("/wechat/staff/{mark:[0-9a-f]{32}}", scanned),
    web.get("/wechat/staff", ask_page),
    web.post("/wechat/staff", do_bind),
)
