"""One household as the register has it, and its whole story: owed, sent, arrived, visited, asked, corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import mask_card, mask_id, mask_name, mask_phone
from notifier.domain.rules import ATTRIBUTES, AttributeKind
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import MU_SCALE, instant

_COLUMNS = ", ".join(f"h.{one.column}" for one in ATTRIBUTES)
_MOST = 400


@dataclass(frozen=True, slots=True)
class Reach:
    """A phone or openid of a person, masked. `state`, `version` and `known_at` as in the contact table."""

    contact_id: int
    kind: str
    value: str
    state: str
    version: int
    is_shared: bool
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the household, masked, with every way to reach them, the newest version first."""

    person_id: int
    relation: str | None
    is_householder: bool
    name: str
    id_number: str | None
    card: str | None
    reaches: Sequence[Reach]


@dataclass(frozen=True, slots=True)
class Home:
    """The household. `attributes` by column, areas in 亩."""

    household_id: int
    region_code: str
    group_name: str | None
    state: str
    merged_into: int | None
    left_at: datetime | None
    registered_at: datetime
    attributes: Mapping[str, Decimal]
    members: Sequence[Member]


async def read_home(ledger: Ledger, household_id: int) -> Home | None:
    """The household with its people, masked; None when there is none."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text(
                    "SELECT h.id, h.region_code, h.group_name, h.state, h.merged_into, h.left_at, h.registered_at, "
                    f"h.householder_id, {_COLUMNS} FROM household h WHERE h.id = :id"
                ),
                {"id": household_id},
            )
        ).one_or_none()
        if row is None:
            return None
        members = await _members(c, ledger, household_id, row.householder_id)
    told = row._mapping
    return Home(
        row.id,
        row.region_code,
        row.group_name,
        row.state,
        row.merged_into,
        None if row.left_at is None else instant(row.left_at),
        instant(row.registered_at),
        {
            one.column: Decimal(told[one.column]) / (MU_SCALE if one.kind is AttributeKind.AREA else 1)
            for one in ATTRIBUTES
        },
        members,
    )


async def _members(c: AsyncConnection, ledger: Ledger, household_id: int, householder_id: int) -> list[Member]:
    reaches: dict[int, list[Reach]] = {}
    for row in await c.execute(
        text(
            "SELECT id, person_id, kind, value_sealed, state, version, is_shared, known_at FROM contact "
            "WHERE household_id = :id ORDER BY kind DESC, version DESC, id DESC"
        ),
        {"id": household_id},
    ):
        reaches.setdefault(row.person_id, []).append(_reach(ledger, row))
    rows = await c.execute(
        text(
            "SELECT id, relation, name_sealed, id_sealed, card_sealed FROM person WHERE household_id = :id "
            "ORDER BY CASE WHEN id = :first THEN 0 ELSE 1 END, id"
        ),
        {"id": household_id, "first": householder_id},
    )
    return [_member(ledger, row, row.id == householder_id, reaches.get(row.id, ())) for row in rows]


def _reach(ledger: Ledger, row: Any) -> Reach:
    value = "微信"
    if row.state == "erased":
        value = "已删除"
    elif row.kind == "phone":
        value = mask_phone(ledger.vault.open_text("contact.value_sealed", row.id, bytes(row.value_sealed)))
    known_at = None if row.known_at is None else instant(row.known_at)
    return Reach(row.id, row.kind, value, row.state, row.version, bool(row.is_shared), known_at)


def _member(ledger: Ledger, row: Any, is_householder: bool, reaches: Sequence[Reach]) -> Member:
    vault = ledger.vault
    name = mask_name(vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed)))
    number = None if row.id_sealed is None else mask_id(vault.open_text("person.id_sealed", row.id, row.id_sealed))
    card = (
        None if row.card_sealed is None else mask_card(vault.open_text("person.card_sealed", row.id, row.card_sealed))
    )
    return Member(row.id, row.relation, is_householder, name, number, card, reaches)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. `kind` is owed, message, visit, inquiry, step, task or consent; `facts` by name."""

    at: datetime
    kind: str
    campaign: str | None = None
    campaign_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)


_PAID = (
    "(SELECT CAST(SUM(p.amount_fen) AS BIGINT) FROM payment p WHERE p.household_id = o.household_id "
    "AND p.benefit_id = k.benefit_id AND p.state = k.purpose AND p.match_state = 'matched')"
)
_QUERIES: Mapping[str, str] = {
    "owed": (
        "SELECT COALESCE(k.launched_at, k.created_at) AS at, k.title AS campaign, o.campaign_id, o.why, o.state, "
        f"o.level, o.reason, {_PAID} AS amount_fen FROM owed o JOIN campaign k ON k.id = o.campaign_id "
        "WHERE o.household_id = :home ORDER BY o.id DESC LIMIT :most"
    ),
    "message": (
        "SELECT m.state_at AS at, k.title AS campaign, m.medium, m.state, m.reason, m.step, m.retry, t.version, "
        "m.person_id, m.campaign_id FROM owed o JOIN message m ON m.owed_id = o.id "
        "JOIN campaign k ON k.id = o.campaign_id "
        "LEFT JOIN contact t ON t.id = m.contact_id WHERE o.household_id = :home ORDER BY m.id DESC LIMIT :most"
    ),
    "visit": (
        "SELECT COALESCE(v.visited_at, v.opened_at) AS at, k.title AS campaign, v.state, v.reason, v.by_user, v.how, "
        "v.remark, v.excuse, v.confirmed_by, o.campaign_id FROM owed o JOIN visit v ON v.owed_id = o.id "
        "JOIN campaign k ON k.id = o.campaign_id WHERE o.household_id = :home ORDER BY v.id DESC LIMIT :most"
    ),
    "inquiry": (
        "SELECT i.received_at AS at, NULL AS campaign, i.id, i.kind, i.channel, i.state FROM inquiry i "
        "WHERE i.household_id = :home ORDER BY i.id DESC LIMIT :most"
    ),
    "step": (
        "SELECT s.at, NULL AS campaign, s.inquiry_id AS id, s.what, s.by_user, s.delivery FROM inquiry i "
        "JOIN inquiry_step s ON s.inquiry_id = i.id WHERE i.household_id = :home ORDER BY s.id DESC LIMIT :most"
    ),
    "task": (
        "SELECT COALESCE(q.closed_at, q.opened_at) AS at, NULL AS campaign, q.reason, q.state, q.person_id "
        "FROM correction_task q WHERE q.household_id = :home ORDER BY q.id DESC LIMIT :most"
    ),
    "consent": (
        "SELECT e.at, NULL AS campaign, e.what, e.kind, e.person_id FROM consent_entry e WHERE e.address_hash IN "
        "(SELECT t.value_hash FROM contact t WHERE t.household_id = :home) AND e.household_id = :home "
        "ORDER BY e.id DESC LIMIT :most"
    ),
}


async def story_of(ledger: Ledger, household_id: int) -> list[Happening]:
    """What happened to the household, newest first, up to some hundreds of each kind; corrections are apart."""
    found: list[Happening] = []
    async with ledger.reading() as c:
        for kind, statement in _QUERIES.items():
            for row in await c.execute(text(statement), {"home": household_id, "most": _MOST}):
                facts = dict(row._mapping)
                at, campaign = instant(int(facts.pop("at"))), facts.pop("campaign")
                found.append(Happening(at, kind, campaign, facts.pop("campaign_id", None), facts))
    return sorted(found, key=lambda one: one.at, reverse=True)


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge of which the household is part and that can be undone here."""

    merge_id: int
    kept_id: int
    gone_id: int
    at: datetime
    by_user: str


async def merges_of(ledger: Ledger, household_id: int) -> list[Merged]:
    """The merges into or of the household that were not undone, newest first."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT id, kept_id, gone_id, at, by_user FROM household_merge WHERE undone_at IS NULL "
                "AND (kept_id = :id OR gone_id = :id) ORDER BY id DESC"
            ),
            {"id": household_id},
        )
        return [Merged(row.id, row.kept_id, row.gone_id, instant(row.at), row.by_user) for row in rows]


async def reveal(ledger: Ledger, table: str, row_id: int) -> Mapping[str, str]:
    """The name, id and card of a person, or the value of a phone, in clear; the caller has the right and the audit."""
    columns = {"person": ("name_sealed", "id_sealed", "card_sealed"), "contact": ("value_sealed",)}[table]
    only = " AND kind = 'phone' AND state <> 'erased'" if table == "contact" else ""
    async with ledger.reading() as c:
        row = (
            await c.execute(text(f"SELECT {', '.join(columns)} FROM {table} WHERE id = :id{only}"), {"id": row_id})
        ).one_or_none()
    if row is None:
        return {}
    sealed = {column: row._mapping[column] for column in columns}
    return {
        column.removesuffix("_sealed"): ledger.vault.open_text(f"{table}.{column}", row_id, bytes(value))
        for column, value in sealed.items()
        if value is not None
    }
