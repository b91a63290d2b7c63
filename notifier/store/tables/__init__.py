"""The ledger's tables: storage shape only, conversion to domain values is in the query modules beside."""

from notifier.store.tables.benefits import Benefit, Identity, Payment, Snapshot, WatchedSource
from notifier.store.tables.campaigns import Campaign, Notice, Owed, Review, Visit
from notifier.store.tables.delivery import (
    Attempt,
    Chunk,
    DirectAttempt,
    Message,
    ParkedReceipt,
    Part,
    PushDue,
    PushRow,
    Setback,
    Tally,
    UnsureAttempt,
)
from notifier.store.tables.entering import (
    AccountSession,
    Alert,
    AlertLetter,
    ApiKey,
    Factor,
    RecoveryCode,
    SourceTry,
    VerificationCode,
)
from notifier.store.tables.farmers import BindingAttempt, FormDone, Greeting, VisitPhoto
from notifier.store.tables.following import Follower, QrCode, Subscription
from notifier.store.tables.inbound import ConsentEntry, CorrectionTask, HeardPart, HeardText, Inquiry, InquiryStep
from notifier.store.tables.matching import MatchDecision, RegionAlias
from notifier.store.tables.pacing import GatewayBudget, NumberSent, NumberVerdict
from notifier.store.tables.payments import FilingStep, PaymentChange, PaymentPush
from notifier.store.tables.people import Contact, Household, ImportRun, Person, Region
from notifier.store.tables.register import HouseholdMerge, RegistryChange, Upload
from notifier.store.tables.routing import GatewayChangeRow, GatewayShare, OperatorHint
from notifier.store.tables.rules import HouseholdAttribute, NameList, NameListEntry
from notifier.store.tables.sources import AttachmentRow, BenefitVersion, Look, ShownText, UndatedItem
from notifier.store.tables.staff import AccountLease, AuditEntry, Counter, Tick, Token, User
from notifier.store.tables.understanding import Decision, DisclosureFiling, DisclosureItem, Understood

__all__ = [
    "AccountLease",
    "AccountSession",
    "Alert",
    "AlertLetter",
    "ApiKey",
    "AttachmentRow",
    "Attempt",
    "AuditEntry",
    "Benefit",
    "BenefitVersion",
    "BindingAttempt",
    "Campaign",
    "Chunk",
    "ConsentEntry",
    "Contact",
    "CorrectionTask",
    "Counter",
    "Decision",
    "DirectAttempt",
    "DisclosureFiling",
    "DisclosureItem",
    "Factor",
    "FilingStep",
    "Follower",
    "FormDone",
    "GatewayBudget",
    "GatewayChangeRow",
    "GatewayShare",
    "Greeting",
    "HeardPart",
    "HeardText",
    "Household",
    "HouseholdAttribute",
    "HouseholdMerge",
    "Identity",
    "ImportRun",
    "Inquiry",
    "InquiryStep",
    "Look",
    "MatchDecision",
    "Message",
    "NameList",
    "NameListEntry",
    "Notice",
    "NumberSent",
    "NumberVerdict",
    "OperatorHint",
    "Owed",
    "ParkedReceipt",
    "Part",
    "Payment",
    "PaymentChange",
    "PaymentPush",
    "Person",
    "PushDue",
    "PushRow",
    "QrCode",
    "RecoveryCode",
    "Region",
    "RegionAlias",
    "RegistryChange",
    "Review",
    "Setback",
    "ShownText",
    "Snapshot",
    "SourceTry",
    "Subscription",
    "Tally",
    "Tick",
    "Token",
    "UndatedItem",
    "Understood",
    "UnsureAttempt",
    "Upload",
    "User",
    "VerificationCode",
    "Visit",
    "VisitPhoto",
    "WatchedSource",
]
