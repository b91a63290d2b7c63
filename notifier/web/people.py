"""用户: the people who work here, as those see them who manage users of a region."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace

from aiohttp import web

from notifier.accounts.managing import Colleague, StaffDesk, roles_under
from notifier.accounts.roles import ROLE_TEXT, Permission, Role, User
from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.store.reporting import region_names
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.sessions import demand, tell

_INDENT = {"province": 0, "city": 0, "county": 0, "township": 1, "village": 2}
_WORDS = {
    "edit": "已修改角色和地区，下一次操作即生效",
    "disable": "已停用，该用户的登录全部结束",
    "enable": "已启用",
    "totp": "已重置动态密码，该用户下次只凭密码登录",
    "unlock": "已解除锁定",
}


def _desk(request: web.Request) -> StaffDesk:
    return StaffDesk(request.app[DESK].ledger, request.app[DESK].clock)


async def regions_under(request: web.Request, user: User) -> Sequence[tuple[str, str]]:
    """(code, indented name) of the regions in the user's scope, in the order of the tree."""
    names = await region_names(request.app[DESK].ledger)
    found = [(code, "　" * _INDENT[level_of(code)] + name) for code, name in names.items() if user.sees(code)]
    return found or [(user.region_code, user.region_code)]


def handle_of(request: web.Request, name: str) -> str:
    """What stands for a user in an address: their name may be a person's."""
    return request.app[DESK].ledger.vault.blind("colleague", name).hex()


async def people_page(request: web.Request) -> web.Response:
    """GET /users: the users of the region, disabled ones last."""
    user = demand(request, Permission.MANAGE)
    colleagues = sorted(await _desk(request).colleagues(user), key=lambda one: (one.is_disabled, one.user.region_code))
    return await render(
        request,
        "people.html",
        rows=[(handle_of(request, one.user.name), one) for one in colleagues],
        names=await region_names(request.app[DESK].ledger),
        now=request.app[DESK].clock.now(),
        roles=roles_under(user),
        regions=await regions_under(request, user),
    )


async def person_page(request: web.Request) -> web.Response:
    """GET /users/{colleague}: one user with what can be done about them; 404 outside the region."""
    user = demand(request, Permission.MANAGE)
    colleague = await _colleague(request, user)
    return await render(
        request,
        "person.html",
        one=colleague,
        handle=request.match_info["colleague"],
        names=await region_names(request.app[DESK].ledger),
        now=request.app[DESK].clock.now(),
        roles=roles_under(user),
        regions=await regions_under(request, user),
        is_own=colleague.user.name == user.name,
    )


async def _colleague(request: web.Request, user: User) -> Colleague:
    wanted = request.match_info["colleague"]
    for one in await _desk(request).colleagues(user):
        if handle_of(request, one.user.name) == wanted:
            return one
    raise web.HTTPNotFound


async def add_person(request: web.Request) -> web.Response:
    """POST /users/add: the user exists; the page shows their one-time password, once."""
    user = demand(request, Permission.MANAGE)
    form = await request.post()
    wanted = User(str(form.get("name", "")).strip(), _role(str(form.get("role"))), str(form.get("region", "")))
    return await _shown_once(request, _desk(request).add(user, wanted), wanted.name)


async def do_person(request: web.Request) -> web.Response:
    """POST /users/{colleague}/{deed}: done, or the page says why not; 404 outside the region."""
    user = demand(request, Permission.MANAGE)
    name = (await _colleague(request, user)).user.name
    deed, desk, form = request.match_info["deed"], _desk(request), await request.post()
    if deed == "password":
        return await _shown_once(request, desk.reset_password(user, name), name)
    doing: Awaitable[object]
    if deed == "edit":
        wanted = replace(User(name, Role.OFFICIAL, str(form.get("region", ""))), role=_role(str(form.get("role"))))
        doing = desk.edit(user, wanted)
    elif deed in ("disable", "enable"):
        doing = desk.disable(user, name, disabled=deed == "disable")
    else:
        doing = desk.reset_totp(user, name) if deed == "totp" else desk.unlock(user, name)
    await attempt(request, doing, f"{name}：{_WORDS[deed]}")
    raise web.HTTPSeeOther(f"/users/{request.match_info['colleague']}")


async def _shown_once(request: web.Request, doing: Awaitable[str], name: str) -> web.Response:
    try:
        password = await doing
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/users") from None
    return await render(request, "person_password.html", name=name, password=password)


def _role(value: str) -> Role:
    if value not in {role.value for role in ROLE_TEXT}:
        raise web.HTTPBadRequest(text="请选择角色")
    return Role(value)


_ONE = r"/users/{colleague:[0-9a-f]{32}}"
ROUTES = (
    web.get("/users", people_page),
    web.post("/users/add", add_person),
    web.get(_ONE, person_page),
    web.post(_ONE + "/{deed:edit|disable|enable|password|totp|unlock}", do_person),
)
