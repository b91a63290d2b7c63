"""Users as the command line and the rest of the house know them: adding one, finding who may do what."""

import re
from datetime import datetime

from notifier.accounts.passwords import check_password, hash_password, is_password
from notifier.accounts.roles import ROLE_TEXT, Permission, Role, User
from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.store.accounts import Account, add_account, find_account, list_accounts, set_password_hash
from notifier.store.audit import append
from notifier.store.ledger import Ledger

_NAME = re.compile(r"[A-Za-z0-9_.\-\u4e00-\u9fff]{2,32}")


async def add_user(ledger: Ledger, user: User, password: str, now: datetime, given_by: str = "") -> None:
    """The user can log in. Raises InputError (Chinese): bad or taken name, weak password, unknown region.

    Whose password was `given_by` somebody can do nothing else before they have chosen one of their own.
    """
    check_duty(user)
    check_password(user.name, password)
    hashed = await hash_password(password)
    account = Account(user.name, hashed, user.role.value, user.region_code, must_change=bool(given_by))
    await add_account(ledger, account, now)
    async with ledger.writing() as c:
        made = {"name": user.name, "role": user.role.value, "region": user.region_code}
        await append(c, given_by or "system", "user.add", made, at=now)


def check_duty(user: User) -> None:
    """Nothing, or InputError saying in Chinese what is wrong with the name or the region."""
    if not _NAME.fullmatch(user.name) or user.name == "system":
        raise InputError("用户名应为 2 至 32 个汉字、字母、数字或 _ . -")
    try:
        level_of(user.region_code)
    except ValueError:
        raise InputError("地区应为 12 位行政区划代码，例如 640425000000（彭阳县）") from None


async def change_password(ledger: Ledger, name: str, password: str, now: datetime, given_by: str = "") -> None:
    """The user has the new password and every session of theirs has ended. Raises InputError.

    With `given_by` they must change it at their next login.
    """
    check_password(name, password)
    if not await set_password_hash(ledger, name, await hash_password(password), must_change=bool(given_by)):
        raise InputError(f"没有名为 {name} 的用户")
    async with ledger.writing() as c:
        await append(c, given_by or "system", "user.password", {"name": name}, at=now)


async def change_own_password(ledger: Ledger, name: str, passwords: tuple[str, str], now: datetime) -> None:
    """The user has the second password in place of the first, and every session of theirs has ended.

    Raises InputError: the first is not theirs, or the second is weak or the same.
    """
    old, new = passwords
    await demand_own_password(ledger, name, old)
    if old == new:
        raise InputError("新密码与现在的相同，请换一个")
    check_password(name, new)
    await set_password_hash(ledger, name, await hash_password(new))
    async with ledger.writing() as c:
        await append(c, name, "password.changed", {}, at=now)


async def demand_own_password(ledger: Ledger, name: str, typed: str) -> None:
    """Nothing, or InputError: it is not the user's password. For what nobody may do at a desk that was left open."""
    account = await find_account(ledger, name)
    if account is None or not await is_password(account.password_hash, typed):
        raise InputError("现在的密码不对，请重新输入")


async def user_named(ledger: Ledger, name: str) -> User | None:
    """The user as they are now; None when they are gone or disabled."""
    account = await find_account(ledger, name)
    return None if account is None or account.is_disabled else _user(account)


async def permitted(ledger: Ledger, name: str, permission: Permission) -> User:
    """The user of that name, who may do this. Raises InputError (Chinese): unknown, disabled, or not permitted."""
    user = await user_named(ledger, name)
    if user is None:
        raise InputError(f"没有名为 {name} 的用户，或已停用；用 notifier user add 添加")
    if not user.may(permission):
        raise InputError(f"用户 {name}（{ROLE_TEXT[user.role]}）没有这项权限")
    return user


async def all_users(ledger: Ledger) -> list[User]:
    """Every user who may log in, by name."""
    return [_user(one) for one in await list_accounts(ledger) if not one.is_disabled]


def _user(account: Account) -> User:
    return User(account.name, Role(account.role), account.region_code)
