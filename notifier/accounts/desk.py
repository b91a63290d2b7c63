"""Making users, logging them in, and finding who a session belongs to."""

import re
from datetime import datetime, timedelta

from notifier.accounts.passwords import check_password, hash_password, is_password, nobody_hash
from notifier.accounts.roles import ROLE_TEXT, Permission, Role, User
from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.store.accounts import (
    Account,
    add_account,
    find_account,
    list_accounts,
    note_failure,
    note_success,
    set_password_hash,
)
from notifier.store.audit import append
from notifier.store.ledger import Ledger

FAILURES = 5
LOCK = timedelta(minutes=15)
_NAME = re.compile(r"[A-Za-z0-9_.\-\u4e00-\u9fff]{2,32}")
REFUSED = f"用户名或密码不对。连续输错 {FAILURES} 次后，账号会锁定 {LOCK.seconds // 60} 分钟"


async def add_user(ledger: Ledger, user: User, password: str, now: datetime) -> None:
    """The user can log in. Raises InputError (Chinese): bad or taken name, weak password, unknown region."""
    if not _NAME.fullmatch(user.name):
        raise InputError("用户名应为 2 至 32 个汉字、字母、数字或 _ . -")
    try:
        level_of(user.region_code)
    except ValueError:
        raise InputError("地区应为 12 位行政区划代码，例如 640425000000（彭阳县）") from None
    check_password(user.name, password)
    account = Account(user.name, await hash_password(password), user.role.value, user.region_code)
    await add_account(ledger, account, now)
    async with ledger.writing() as c:
        made = {"name": user.name, "role": user.role.value, "region": user.region_code}
        await append(c, "system", "user.add", made, at=now)


async def change_password(ledger: Ledger, name: str, password: str, now: datetime) -> None:
    """The user has the new password and every session of theirs has ended. Raises InputError."""
    check_password(name, password)
    if not await set_password_hash(ledger, name, await hash_password(password)):
        raise InputError(f"没有名为 {name} 的用户")
    async with ledger.writing() as c:
        await append(c, "system", "user.password", {"name": name}, at=now)


async def log_in(ledger: Ledger, name: str, password: str, now: datetime) -> User:
    """The user, with an audit entry. Raises InputError, the same for a wrong name, a wrong password and a locked or
    disabled account; failures are counted in the ledger, so several processes count together."""
    account = await find_account(ledger, name)
    fits = await is_password(account.password_hash if account else nobody_hash(), password)
    if account is None:
        raise InputError(REFUSED)
    is_locked = account.locked_until is not None and now < account.locked_until
    if not fits and not is_locked:
        await note_failure(ledger, name, now, limit=FAILURES, lock=LOCK)
    if not fits or is_locked or account.is_disabled:
        async with ledger.writing() as c:
            await append(c, name, "login.refused", {"locked": is_locked}, at=now)
        raise InputError(REFUSED)
    await note_success(ledger, name)
    async with ledger.writing() as c:
        await append(c, name, "login", {}, at=now)
    return _user(ledger, account)


async def user_named(ledger: Ledger, name: str) -> User | None:
    """The user as they are now; None when they are gone or disabled."""
    account = await find_account(ledger, name)
    return None if account is None or account.is_disabled else _user(ledger, account)


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
    return [_user(ledger, one) for one in await list_accounts(ledger) if not one.is_disabled]


def _user(ledger: Ledger, account: Account) -> User:
    mark = ledger.vault.blind("session", account.password_hash).hex()
    return User(account.name, Role(account.role), account.region_code, mark)
