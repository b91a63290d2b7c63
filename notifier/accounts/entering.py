"""Logging in: by password, then by a one-time password where the account has one; guessers learn nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.accounts.one_time import fitting_step, is_recovery_code
from notifier.accounts.passwords import is_password, nobody_hash
from notifier.accounts.roles import Role, User
from notifier.domain.errors import InputError
from notifier.store.accounts import Account, find_account, note_failure, note_success
from notifier.store.audit import append
from notifier.store.factors import FactorKind, factors_of, use_recovery_code, use_step
from notifier.store.ledger import Ledger
from notifier.store.tries import count_tries, note_try

FAILURES = 5
LOCK = timedelta(minutes=15)
FROM_ONE_ADDRESS = 30
"""Failed logins that one address has in a WINDOW; an office of many people comes from one."""
WINDOW = timedelta(minutes=15)
REFUSED = f"用户名或密码不对。连续输错 {FAILURES} 次后，账号会锁定 {LOCK.seconds // 60} 分钟"
TOO_MANY = f"从这个网络登录失败的次数太多，请 {WINDOW.seconds // 60} 分钟后再试"
CODE_REFUSED = "动态密码不对或已用过；请等下一个 6 位数字，或改用一个恢复码"


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody whose password was right. With `wants_code` they are not in yet: `log_in_by_code` goes on."""

    user: User
    wants_code: bool = False


async def log_in(ledger: Ledger, name: str, password: str, now: datetime, address: str = "") -> Entered:
    """Who it is, with an audit entry unless a one-time password is still wanted. Raises InputError, the same for a
    wrong name, a wrong password and a locked or disabled account; failures are counted in the ledger, by account and
    by address, so several processes count together."""
    await _demand_patience(ledger, address, now)
    account = await find_account(ledger, name)
    fits = await is_password(account.password_hash if account else nobody_hash(), password)
    if account is None or not fits or not _is_open(account, now):
        await _refuse(ledger, account, not fits, (address, now))
        raise InputError(REFUSED)
    totp = (await factors_of(ledger, name)).get(FactorKind.TOTP)
    if totp is not None and totp.verified_at is not None:
        return Entered(_user(account), wants_code=True)
    await _let_in(ledger, name, "password", now)
    return Entered(_user(account))


async def log_in_by_code(ledger: Ledger, name: str, typed: str, now: datetime, address: str = "") -> User:
    """The user whose password was right a moment ago; their one-time password or recovery code is used up. Raises
    InputError; a wrong one counts as a wrong password does."""
    await _demand_patience(ledger, address, now)
    account = await find_account(ledger, name)
    totp = (await factors_of(ledger, name)).get(FactorKind.TOTP)
    if account is None or totp is None or not _is_open(account, now):
        await _refuse(ledger, account, False, (address, now))
        raise InputError(CODE_REFUSED)
    step = fitting_step(totp.value, typed, now)
    if step is not None and await use_step(ledger, name, step):
        await _let_in(ledger, name, "totp", now)
    elif is_recovery_code(typed) and await use_recovery_code(ledger, name, typed.strip().lower(), now):
        await _let_in(ledger, name, "recovery_code", now)
    else:
        await _refuse(ledger, account, True, (address, now))
        raise InputError(CODE_REFUSED)
    return _user(account)


def _is_open(account: Account, now: datetime) -> bool:
    return not account.is_disabled and not _is_locked(account, now)


def _is_locked(account: Account, now: datetime) -> bool:
    return account.locked_until is not None and now < account.locked_until


async def _demand_patience(ledger: Ledger, address: str, now: datetime) -> None:
    if address and await count_tries(ledger, address, now, WINDOW) >= FROM_ONE_ADDRESS:
        raise InputError(TOO_MANY)


async def _refuse(ledger: Ledger, account: Account | None, is_guess: bool, whence: tuple[str, datetime]) -> None:
    address, now = whence
    if address:
        await note_try(ledger, address, now, WINDOW)
    if account is None:
        return
    is_locked = _is_locked(account, now)
    if is_guess and not is_locked:
        await note_failure(ledger, account.name, now, limit=FAILURES, lock=LOCK)
    async with ledger.writing() as c:
        await append(c, account.name, "login.refused", {"locked": is_locked}, at=now)


async def _let_in(ledger: Ledger, name: str, by: str, now: datetime) -> None:
    await note_success(ledger, name)
    async with ledger.writing() as c:
        await append(c, name, "login", {"by": by}, at=now)


def _user(account: Account) -> User:
    return User(account.name, Role(account.role), account.region_code)
