"""The console's map: which pages there are, in the order of the work, and who sees them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from notifier.accounts.roles import Permission, User


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the navigation leads to."""

    path: str
    title: str
    is_for: Callable[[User], bool]


def _who_may(*permissions: Permission) -> Callable[[User], bool]:
    return lambda user: any(user.may(one) for one in permissions)


def _is_of_the_county(user: User) -> bool:
    return user.may(Permission.MATCH) and user.region_code.endswith("000000")


PLACES: tuple[Place, ...] = (
    Place("/", "总览", lambda user: True),
    Place("/drafts", "起草通知", _who_may(Permission.DRAFT)),
    Place("/reviews", "政策审核", _who_may(Permission.REVIEW)),
    Place("/policies", "政策", _who_may(Permission.JUDGE)),
    Place("/sources", "来源", _who_may(Permission.SOURCES)),
    Place("/matching", "待核对", _is_of_the_county),
    Place("/filings", "备案审核", _who_may(Permission.FILE)),
    Place("/households", "农户", _who_may(Permission.HOUSEHOLDS)),
    Place("/visits", "入户", _who_may(Permission.VISIT, Permission.EXCUSE)),
    Place("/inquiries", "咨询", _who_may(Permission.ANSWER)),
    Place("/users", "用户", _who_may(Permission.MANAGE)),
    Place("/audit", "审计", _who_may(Permission.AUDIT)),
    Place("/alerts", "提醒", _who_may(Permission.OPERATE)),
)


def places_of(user: User) -> Sequence[Place]:
    """The pages that the user may open, in order."""
    return [place for place in PLACES if place.is_for(user)]
