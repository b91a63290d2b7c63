"""Who is told of what goes wrong: operators and administrators with a verified phone or openid."""

from collections.abc import Sequence

from notifier.accounts.roles import Permission, Role, User
from notifier.domain.alerts import Recipient
from notifier.domain.messages import Medium
from notifier.store.accounts import Account, list_accounts
from notifier.store.factors import FactorKind, factors_of
from notifier.store.ledger import Ledger

_WAYS = ((FactorKind.PHONE, Medium.SMS), (FactorKind.OPENID, Medium.WECHAT))
"""A phone rather than an openid: a text arrives where nobody opens WeChat."""


async def recipients(ledger: Ledger, region_code: str) -> Sequence[Recipient]:
    """Those who may know of a trouble in that region and have a verified way, one way each, by name."""
    found = []
    for account in await list_accounts(ledger):
        if _may_know(account, region_code):
            factors = await factors_of(ledger, account.name)
            ways = [(medium, factors[kind]) for kind, medium in _WAYS if kind in factors and factors[kind].verified_at]
            found += [Recipient(account.name, medium, factor.value) for medium, factor in ways[:1]]
    return found


def _may_know(account: Account, region_code: str) -> bool:
    user = User(account.name, Role(account.role), account.region_code)
    return not account.is_disabled and user.may(Permission.OPERATE) and user.sees(region_code)
