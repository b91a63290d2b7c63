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
    DRAFT = "draft"
    """Write campaigns and submit them for review."""
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
    MANAGE = "manage"
    """Add, change and disable users of their region; make and revoke keys of systems."""
    AUDIT = "audit"
    """Read the audit trail of their region's users."""
    OPERATE = "operate"
    """See alerts, and be told of them."""
    FILE = "file"
    """File, audit and send back projects (备案审核) of their region, for their level and those below."""
    HOUSEHOLDS = "households"
    """Search households of their region and read their stories, masked."""
    CORRECT = "correct"
    """Correct what the register says of a household of their region."""
    REVEAL = "reveal"
    """See a name, id or number in clear, with a reason that is audited."""
    REGISTER = "register"
    """Hand in rosters and payment lists; merge, split, let go and erase households; unbind followers."""
    SOURCES = "sources"
    """See how sources are doing, and have one looked at now."""
    JUDGE = "judge"
    """Say what a policy means: accept, edit or refuse a suggestion, date an item, tell a new version."""


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
    Role.REVIEWER: frozenset({Permission.READ, Permission.REVIEW, Permission.EXCUSE, Permission.FILE}),
    Role.OFFICER: frozenset(
        {
            Permission.READ,
            Permission.VISIT,
            Permission.ANSWER,
            Permission.FILE,
            Permission.HOUSEHOLDS,
            Permission.CORRECT,
        }
    ),
    Role.OFFICIAL: frozenset({Permission.READ}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.AUDIT, Permission.HOUSEHOLDS}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.OPERATE, Permission.SOURCES}),
}


PERMISSION_TEXT: Mapping[Permission, str] = {
    Permission.READ: "看通知任务与通知率",
    Permission.VISIT: "看入户任务",
    Permission.ANSWER: "看咨询投诉",
}
"""What a system's key can be allowed, in words."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who is logged in, or a system with a key, which may only what is among its own `permissions`."""

    name: str
    role: Role
    region_code: str
    permissions: frozenset[Permission] | None = None

    def may(self, permission: Permission) -> bool:
        """True when the role (or the key) grants it; where it may be used is `sees`."""
        return permission in (GRANTS[self.role] if self.permissions is None else self.permissions)

    def sees(self, region_code: str) -> bool:
        """True when the region is the user's own or inside it."""
        first, last = span(self.region_code)
        return first <= region_code <= last

    def touches(self, region_code: str) -> bool:
        """True when the region is the user's own, inside it, or around it."""
        first, last = span(region_code)
        return self.sees(region_code) or first <= self.region_code <= last
