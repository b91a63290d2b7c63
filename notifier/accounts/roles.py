"""Who may do what, and where: one table of roles, one rule of regions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.regions import span


class Role(StrEnum):
    """What a user is here for."""

    ADMINISTRATOR = "administrator"
    """管理员: imports, launches and stops campaigns, settles unmatched payments."""
    REVIEWER = "reviewer"
    """审核员: approves or returns campaigns."""
    OFFICER = "officer"
    """村级干部: visits households and signs visits off."""
    OFFICIAL = "official"
    """领导: reads reports."""
    AUDITOR = "auditor"
    """审计: reads reports and the audit trail."""
    OPERATOR = "operator"
    """运维: keeps the service running; reads reports."""


class Permission(StrEnum):
    """A kind of deed."""

    READ = "read"
    """See reports of their region, names masked."""
    DRIVE = "drive"
    """Launch, pause, resume, cancel a campaign."""
    EMERGENCY = "emergency"
    """Let a campaign go out at any hour."""
    REVIEW = "review"
    """Approve or return a campaign."""
    MATCH = "match"
    """Settle unmatched payments."""
    VISIT = "visit"
    """See open visits, sign them off, ask for an excuse."""
    EXCUSE = "excuse"
    """Confirm an excuse that somebody else asked for."""
    ANSWER = "answer"
    """Answer, settle and hand over inquiries; correct a number."""


ROLE_TEXT: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "管理员",
    Role.REVIEWER: "审核员",
    Role.OFFICER: "村级干部",
    Role.OFFICIAL: "领导",
    Role.AUDITOR: "审计",
    Role.OPERATOR: "运维",
}

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.REVIEWER: frozenset({Permission.READ, Permission.REVIEW, Permission.EXCUSE}),
    Role.OFFICER: frozenset({Permission.READ, Permission.VISIT, Permission.ANSWER}),
    Role.OFFICIAL: frozenset({Permission.READ}),
    Role.AUDITOR: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ}),
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who is logged in. `mark` changes with the password, so that old sessions end with it."""

    name: str
    role: Role
    region_code: str
    mark: str = ""

    def may(self, permission: Permission) -> bool:
        """True when the role grants it; where it may be used is `sees`."""
        return permission in GRANTS[self.role]

    def sees(self, region_code: str) -> bool:
        """True when the region is the user's own or inside it."""
        first, last = span(self.region_code)
        return first <= region_code <= last

    def touches(self, region_code: str) -> bool:
        """True when the region is the user's own, inside it, or around it."""
        first, last = span(region_code)
        return self.sees(region_code) or first <= self.region_code <= last
