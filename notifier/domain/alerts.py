"""What operators are told: troubles that are looked for again and again, and whom to tell."""

from dataclasses import dataclass, field

from notifier.domain.messages import Medium


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong now. `subject` names the very thing, the same while it lasts; `title` fits into a text."""

    subject: str
    title: str
    says: str
    region_code: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may be told of a region's troubles, by one verified way; `address` is a phone or an openid."""

    name: str
    medium: Medium
    address: str = field(repr=False)
