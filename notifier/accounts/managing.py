"""Managing users: whoever manages sees and changes those of their region only, and gives no role above their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.accounts.desk import add_user, change_password, check_duty
from notifier.accounts.one_time import drop_totp
from notifier.accounts.passwords import one_time_password
from notifier.accounts.roles import GRANTS, Permission, Role, User
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.store.accounts import Account, find_account, list_accounts, note_success, set_disabled, set_duty
from notifier.store.audit import append
from notifier.store.factors import FactorKind, verified_kinds
from notifier.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user as those who manage users see them."""

    user: User
    is_disabled: bool
    locked_until: datetime | None
    must_change: bool
    factors: frozenset[FactorKind]


class StaffDesk:
    """Deeds on users. Each raises InputError (Chinese); a user outside of the manager's region does not exist for them.

    `by` is None at the command line, which whoever keeps the machine may do anything with.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def colleagues(self, by: User | None) -> Sequence[Colleague]:
        """Every user of the manager's region, by name, disabled ones too."""
        region_code = None if by is None else by.region_code
        accounts = await list_accounts(self._ledger, region_code)
        async with self._ledger.reading() as c:
            factors = await verified_kinds(c)
        return [_colleague(account, factors.get(account.name, frozenset())) for account in accounts]

    async def add(self, by: User | None, user: User) -> str:
        """The user exists; their one-time password, to be shown this once."""
        _demand_duty(by, user)
        password = one_time_password()
        await add_user(self._ledger, user, password, self._clock.now(), given_by=_name(by))
        return password

    async def edit(self, by: User | None, user: User) -> None:
        """The user of that name has this role and region from their next request on."""
        await self._managed(by, user.name)
        _demand_duty(by, user)
        await set_duty(self._ledger, user.name, user.role.value, user.region_code)
        await self._note(by, "user.duty", {"name": user.name, "role": user.role.value, "region": user.region_code})

    async def disable(self, by: User | None, name: str, *, disabled: bool) -> None:
        """The user may (not) log in any more; all of their sessions end at once. Safe to repeat."""
        await self._managed(by, name)
        await set_disabled(self._ledger, name, disabled=disabled)
        await self._note(by, "user.disabled" if disabled else "user.enabled", {"name": name})

    async def reset_password(self, by: User | None, name: str) -> str:
        """A one-time password replaces the user's own, whose sessions end; to be shown this once."""
        await self._managed(by, name)
        password = one_time_password()
        await change_password(self._ledger, name, password, self._clock.now(), given_by=_name(by))
        return password

    async def reset_totp(self, by: User | None, name: str) -> None:
        """The user logs in without a one-time password until they enrol again. Raises InputError when they do now."""
        await self._managed(by, name)
        if not await drop_totp(self._ledger, name, _name(by), self._clock.now()):
            raise InputError("该用户没有启用动态密码，不用重置")

    async def unlock(self, by: User | None, name: str) -> None:
        """The user may try to log in again at once. Safe to repeat."""
        await self._managed(by, name)
        await note_success(self._ledger, name)
        await self._note(by, "user.unlocked", {"name": name})

    async def _managed(self, by: User | None, name: str) -> Account:
        account = await find_account(self._ledger, name)
        if account is None or (by is not None and not by.sees(account.region_code)):
            raise InputError(f"没有名为 {name} 的用户，或不在您管辖的地区")
        if by is not None and account.name == by.name:
            raise InputError("不能在这里修改自己的账号；请找另一位管理员，密码和动态密码在“我的账号”里改")
        if by is not None and Role(account.role) not in roles_under(by):
            raise InputError("这个用户的角色高于您的角色，只能由上级修改")
        return account

    async def _note(self, by: User | None, what: str, detail: dict[str, Any]) -> None:
        async with self._ledger.writing() as c:
            await append(c, _name(by), what, detail, at=self._clock.now())


def roles_under(by: User | None) -> Sequence[Role]:
    """The roles that a manager may give: those that may do nothing that the manager may not."""
    if by is None:
        return list(Role)
    if not by.may(Permission.MANAGE):
        return []
    return [role for role in Role if GRANTS[role] <= GRANTS[by.role]]


def _demand_duty(by: User | None, user: User) -> None:
    check_duty(user)
    if user.role not in roles_under(by):
        raise InputError("不能授予高于您自己的角色")
    if by is not None and not by.sees(user.region_code):
        raise InputError("地区超出您管辖的范围，请选择本地区或下级")


def _name(by: User | None) -> str:
    return "system" if by is None else by.name


def _colleague(account: Account, factors: frozenset[FactorKind]) -> Colleague:
    user = User(account.name, Role(account.role), account.region_code)
    return Colleague(user, account.is_disabled, account.locked_until, account.must_change, factors)
