"""The ledger's tables: storage shape only, conversion to domain values is in the query modules beside."""

from notifier.store.tables.benefits import Benefit, Identity, Payment, Snapshot, WatchedSource
from notifier.store.tables.campaigns import Campaign, Notice, Owed, Review, Visit
from notifier.store.tables.delivery import (
    Attempt,
    Chunk,
    Message,
    ParkedReceipt,
    Part,
    PushDue,
    PushRow,
    Setback,
    Tally,
    UnsureAttempt,
)
from notifier.store.tables.following import Follower, QrCode, Subscription
from notifier.store.tables.inbound import ConsentEntry, CorrectionTask, HeardText, Inquiry, InquiryStep
from notifier.store.tables.pacing import GatewayBudget, NumberSent, NumberVerdict
from notifier.store.tables.people import Contact, Household, ImportRun, Person, Region
from notifier.store.tables.register import HouseholdMerge, RegistryChange, Upload
from notifier.store.tables.routing import GatewayChangeRow, GatewayShare, OperatorHint
from notifier.store.tables.staff import AccountLease, AuditEntry, Counter, Tick, Token, User

__all__ = [
    "AccountLease",
    "Attempt",
    "AuditEntry",
    "Benefit",
    "Campaign",
    "Chunk",
    "ConsentEntry",
    "Contact",
    "CorrectionTask",
    "Counter",
    "Follower",
    "GatewayBudget",
    "GatewayChangeRow",
    "GatewayShare",
    "HeardText",
    "Household",
    "HouseholdMerge",
    "Identity",
    "ImportRun",
    "Inquiry",
    "InquiryStep",
    "Message",
    "Notice",
    "NumberSent",
    "NumberVerdict",
    "OperatorHint",
    "Owed",
    "ParkedReceipt",
    "Part",
    "Payment",
    "Person",
    "PushDue",
    "PushRow",
    "QrCode",
    "Region",
    "RegistryChange",
    "Review",
    "Setback",
    "Snapshot",
    "Subscription",
    "Tally",
    "Tick",
    "Token",
    "UnsureAttempt",
    "Upload",
    "User",
    "Visit",
    "WatchedSource",
]
