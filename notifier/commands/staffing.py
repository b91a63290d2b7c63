"""Users and systems' keys, for whoever keeps the machine."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from notifier.accounts.desk import add_user, permitted
from notifier.accounts.keys import KeyDesk
from notifier.accounts.managing import Colleague, StaffDesk
from notifier.accounts.roles import PERMISSION_TEXT, ROLE_TEXT, Permission, Role, User
from notifier.app import open_ledger_at
from notifier.commands.answering import AsJson, answer, run
from notifier.domain.errors import InputError
from notifier.schedule import SystemClock
from notifier.settings import load_settings
from notifier.store.ledger import Ledger

user = typer.Typer(no_args_is_help=True, help="People who work here.")
key = typer.Typer(no_args_is_help=True, help="Keys of other systems that read the API.")
COUNTY = "640425000000"
_A_YEAR = 365

Name = Annotated[str, typer.Argument(help="the user's name")]
Who = Annotated[str, typer.Option("--by", help="the administrator who decides; stands in the audit trail")]
Region = Annotated[str, typer.Option(help="12-digit code; nothing outside it is seen")]


@user.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="2-32 characters")],
    role: Annotated[str, typer.Option(help="administrator, reviewer, officer, official, auditor or operator")],
    region: Region = COUNTY,
    password: Annotated[str, typer.Option(envvar="NOTIFIER_NEW_PASSWORD", help="one that the user typed")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a user; without a password a one-time one is made and shown, to be changed at the first login."""

    async def work(ledger: Ledger) -> dict[str, str]:
        made = User(name, _role(role), region)
        if password:
            await add_user(ledger, made, password, SystemClock().now())
            return {"user": name, "role": role, "region": region}
        return {
            "user": name,
            "role": role,
            "region": region,
            "one_time_password": await StaffDesk(ledger, SystemClock()).add(None, made),
        }

    answer(_on_ledger(work, as_json), as_json=as_json)


@user.command("list")
def user_list(as_json: AsJson = False) -> None:
    """Every user, disabled ones too."""

    async def work(ledger: Ledger) -> list[dict[str, Any]]:
        return [_line(one) for one in await StaffDesk(ledger, SystemClock()).colleagues(None)]

    found = _on_ledger(work, as_json)
    text = "\n".join(f"{one['user']} {ROLE_TEXT[Role(one['role'])]} {one['region']} {one['state']}" for one in found)
    answer({"users": found}, as_json=as_json, text=text or "还没有用户")


@user.command("edit")
def user_edit(
    name: Name,
    role: Annotated[str, typer.Option(help="the role from now on")],
    region: Region = COUNTY,
    as_json: AsJson = False,
) -> None:
    """Give a user another role or region; it holds from their next request on."""
    _deed(lambda desk: desk.edit(None, User(name, _role(role), region)), f"{name} 已修改", as_json)


@user.command("disable")
def user_disable(name: Name, as_json: AsJson = False) -> None:
    """End every login of a user and let them in no more."""
    _deed(lambda desk: desk.disable(None, name, disabled=True), f"{name} 已停用", as_json)


@user.command("enable")
def user_enable(name: Name, as_json: AsJson = False) -> None:
    """Let a disabled user in again."""
    _deed(lambda desk: desk.disable(None, name, disabled=False), f"{name} 已启用", as_json)


@user.command("unlock")
def user_unlock(name: Name, as_json: AsJson = False) -> None:
    """Let a user who guessed too often try again at once."""
    _deed(lambda desk: desk.unlock(None, name), f"{name} 已解除锁定", as_json)


@user.command("totp-reset")
def user_totp_reset(name: Name, as_json: AsJson = False) -> None:
    """Let a user in by password alone, until they enrol a one-time password again."""
    _deed(lambda desk: desk.reset_totp(None, name), f"{name} 的动态密码已重置", as_json)


@user.command("password")
def user_password(name: Name, as_json: AsJson = False) -> None:
    """Give a user a one-time password in place of their own; their logins end."""

    async def work(ledger: Ledger) -> dict[str, str]:
        password = await StaffDesk(ledger, SystemClock()).reset_password(None, name)
        return {"user": name, "one_time_password": password}

    answer(_on_ledger(work, as_json), as_json=as_json)


@key.command("make")
def key_make(
    title: Annotated[str, typer.Argument(help="which system it is for")],
    by: Who,
    allow: Annotated[list[str], typer.Option(help="read, visit or answer; several by repeating")],
    region: Region = COUNTY,
    as_json: AsJson = False,
) -> None:
    """Make a key that is good for a year and show it, once; the console makes shorter ones."""

    async def work(ledger: Ledger) -> dict[str, str]:
        maker = await permitted(ledger, by, Permission.MANAGE)
        known = {one.value: one for one in PERMISSION_TEXT}
        if stray := [one for one in allow if one not in known]:
            raise InputError(f"没有 {'、'.join(stray)} 这项权限；可用：{'、'.join(known)}")
        allowed = [known[one] for one in allow]
        return {"key": await KeyDesk(ledger, SystemClock()).make(maker, title, allowed, region, _A_YEAR)}

    answer(_on_ledger(work, as_json), as_json=as_json)


@key.command("list")
def key_list(by: Who, as_json: AsJson = False) -> None:
    """The keys of the administrator's region, revoked and expired ones too."""

    async def work(ledger: Ledger) -> dict[str, Any]:
        maker = await permitted(ledger, by, Permission.MANAGE)
        return {"keys": list(await KeyDesk(ledger, SystemClock()).keys(maker))}

    answer(_on_ledger(work, as_json), as_json=as_json)


@key.command("revoke")
def key_revoke(
    number: Annotated[int, typer.Argument(help="the key's number in `notifier key list`")],
    by: Who,
    as_json: AsJson = False,
) -> None:
    """Make a key open nothing any more."""

    async def work(ledger: Ledger) -> dict[str, int]:
        await KeyDesk(ledger, SystemClock()).revoke(await permitted(ledger, by, Permission.MANAGE), number)
        return {"revoked": number}

    answer(_on_ledger(work, as_json), as_json=as_json)


def _on_ledger(work: Callable[[Ledger], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_ledger_at(load_settings()) as ledger:
            return await work(ledger)

    return run(opened(), as_json=as_json)


def _deed(deed: Callable[[StaffDesk], Awaitable[None]], words: str, as_json: bool) -> None:
    async def work(ledger: Ledger) -> None:
        await deed(StaffDesk(ledger, SystemClock()))

    _on_ledger(work, as_json)
    answer({"done": True}, as_json=as_json, text=words)


def _role(value: str) -> Role:
    if value not in {one.value for one in Role}:
        raise InputError(f"没有 {value} 这个角色;可用:{'、'.join(one.value for one in Role)}")
    return Role(value)


def _line(one: Colleague) -> dict[str, Any]:
    state = "disabled" if one.is_disabled else "must_change" if one.must_change else "active"
    factors = sorted(kind.value for kind in one.factors)
    who = one.user
    return {"user": who.name, "role": who.role.value, "region": who.region_code, "state": state, "factors": factors}
