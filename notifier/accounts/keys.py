"""Keys for other systems: made by an administrator, shown once, good for some permissions in one region until a day."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from notifier.accounts.roles import PERMISSION_TEXT, Permission, Role, User
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.regions import level_of
from notifier.store.api_keys import ApiKey, add_key, find_key, list_keys, revoke_key
from notifier.store.ledger import Ledger

PREFIX = "hn_"
LONGEST_DAYS = 366
_LONGEST_TITLE = 40
_HINT = 7


class KeyDesk:
    """Deeds on keys. Each raises InputError (Chinese); one outside of the manager's region does not exist for them."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def make(self, by: User, title: str, allowed: Collection[Permission], region_code: str, days: int) -> str:
        """A key in force for `days`; the key itself, to be shown this once."""
        title = masked(title.strip())[:_LONGEST_TITLE]
        if not title:
            raise InputError("请写明这个密钥给哪个系统用")
        if not allowed or not set(allowed) <= set(PERMISSION_TEXT) or not all(by.may(one) for one in allowed):
            raise InputError("请至少选择一项您自己也有的权限")
        if not 1 <= days <= LONGEST_DAYS:
            raise InputError(f"有效期应为 1 至 {LONGEST_DAYS} 天")
        _demand_region(by, region_code)
        secret, now = PREFIX + secrets.token_urlsafe(32), self._clock.now()
        named = tuple(sorted(one.value for one in allowed))
        until = now + timedelta(days=days)
        await add_key(self._ledger, ApiKey(0, title, secret[:_HINT], named, region_code, by.name, now, until), secret)
        return secret

    async def keys(self, by: User) -> Sequence[ApiKey]:
        """The keys of the manager's region, the newest first."""
        return await list_keys(self._ledger, by.region_code)

    async def revoke(self, by: User, key_id: int) -> None:
        """The key opens nothing any more. Raises InputError for one that is not there or was revoked before."""
        if not await revoke_key(self._ledger, key_id, by.region_code, by.name, self._clock.now()):
            raise InputError("没有这个密钥，或已经撤销")

    async def has(self, by: User, key_id: int) -> bool:
        """True when the manager's region has that key, revoked ones too."""
        return any(one.key_id == key_id for one in await self.keys(by))


async def user_with_key(ledger: Ledger, secret: str, now: datetime) -> User | None:
    """The system that the key in force was made for, as a user with the key's permissions and region."""
    if not secret.startswith(PREFIX):
        return None
    key = await find_key(ledger, secret, now)
    if key is None:
        return None
    permissions = frozenset(Permission(one) for one in key.permissions)
    return User(f"key:{key.key_id}", Role.OFFICIAL, key.region_code, permissions)


def _demand_region(by: User, region_code: str) -> None:
    try:
        level_of(region_code)
    except ValueError:
        raise InputError("地区应为 12 位行政区划代码") from None
    if not by.sees(region_code):
        raise InputError("地区超出您管辖的范围，请选择本地区或下级")
