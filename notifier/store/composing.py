"""From owed households to messages in chunks, one INSERT … SELECT a try; from a last setback to a visit.

A chain is (owed, person, retry): the person whose lines are told. A beneficiary with a usable contact of their own is a
chain; the rest of a household's lines, and every policy, belong to the householder's chain. Retry 0 is the first
telling; lines that found their household only after it was composed are told in the chain's next retry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import BenefitKind
from notifier.domain.messages import ContactKind, Medium
from notifier.domain.placeholders import is_personal
from notifier.store.consent import OPTED_OUT
from notifier.store.corrections import DISOWNED
from notifier.store.lanes import LANE_OF_CAMPAIGN
from notifier.store.ledger import Ledger, take_ids
from notifier.store.rerouting import FAILED_CONTACT
from notifier.store.shared_phones import HELD, MAY_SHARE, gather
from notifier.store.tables.columns import stamp
from notifier.store.tally import count
from notifier.store.told_lines import lines_of

KIND_OF: Mapping[Medium, ContactKind] = {Medium.SMS: ContactKind.PHONE, Medium.WECHAT: ContactKind.OPENID}

_POLICY_CHAINS = (
    "SELECT o.id AS owed_id, o.household_id, o.region_code, h.householder_id AS person_id, h.householder_id, "
    "coalesce(o.retry, 0) AS retry FROM owed o JOIN household h ON h.id = o.household_id WHERE {scope}"
)
_PAYMENT_CHAINS = (
    "SELECT DISTINCT o.id AS owed_id, o.household_id, o.region_code, p.told_person_id AS person_id, "
    "h.householder_id, p.told_retry AS retry FROM owed o JOIN household h ON h.id = o.household_id "
    "JOIN {lines} p ON p.household_id = o.household_id AND p.benefit_id = :benefit AND p.state = :purpose "
    "AND p.told_person_id IS NOT NULL WHERE {scope}"
)
_SETBACK_CHAINS = (
    "SELECT DISTINCT o.id AS owed_id, o.household_id, o.region_code, x.person_id, h.householder_id, x.retry "
    "FROM message x JOIN owed o ON o.id = x.owed_id JOIN household h ON h.id = o.household_id WHERE {scope}"
)

# Where a rung goes by subscription, whoever has not accepted its template is passed over.
_ACCEPTING = (
    " AND (CAST(:subscription AS VARCHAR) IS NULL OR EXISTS (SELECT 1 FROM subscription u WHERE "
    "u.address_hash = c.value_hash AND u.template = CAST(:subscription AS VARCHAR) AND u.accepts = 1))"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A campaign as composing needs it."""

    campaign_id: int
    benefit_id: int
    kind: BenefitKind
    purpose: str
    ladder: str
    title: str
    summary: str
    worded_as: str | None = None
    free_text: str = ""
    gateways: str = ""
    """Those that may carry it, with commas; empty for all."""

    @property
    def notice_kind(self) -> str:
        """What texts call its notices: policy, paid, goods, returned, free."""
        if self.worded_as is not None:
            return self.worded_as
        return "policy" if self.kind is BenefitKind.POLICY else self.purpose

    @property
    def is_personal(self) -> bool:
        """Whether each household's notice is its own."""
        return self.kind is BenefitKind.DISBURSEMENT or (self.notice_kind == "free" and is_personal(self.free_text))


@dataclass(frozen=True, slots=True)
class Chains:
    """Which chains a rung is for: SQL giving owed_id, household_id, region_code, person_id, householder_id, retry."""

    sql: str
    parameters: Mapping[str, Any]
    stands_at: int
    """The rung the chains stand at; -1 before the first."""
    most: int
    """No more chains than this; ids are taken for so many."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The message ids that one try made, first and last, both included; how many of them exist."""

    first: int
    last: int
    n: int


def first_chains(told: Told, first_owed: int, last_owed: int, most: int) -> Chains:
    """The chains of the owed rows of a campaign in an id range whose first rung, or next retry, was not composed.

    A chain of an earlier retry is among them; it has its messages and gets no other.
    """
    sql = _POLICY_CHAINS if told.kind is BenefitKind.POLICY else _PAYMENT_CHAINS
    scope = "o.campaign_id = :campaign AND o.id BETWEEN :lo AND :hi AND o.composed_step = -1 AND o.state <> 'excused'"
    parameters: dict[str, Any] = {"campaign": told.campaign_id, "lo": first_owed, "hi": last_owed}
    if told.kind is BenefitKind.DISBURSEMENT:
        parameters |= {"benefit": told.benefit_id, "purpose": told.purpose}
    lines = lines_of(told.purpose, told.campaign_id)
    return Chains(sql.format(scope=scope, lines=lines), parameters, -1, most)


def setback_chains(ledger: Ledger, message_ids: Sequence[int], step: int, *, corrected: bool = False) -> Chains:
    """The chains of messages that ended without evidence at rung `step`, and in which nothing else is alive.

    Those of households that wait; `corrected` adds those whose visit is open: their number was corrected.
    """
    waiting = "('pending', 'unreached')" if corrected else "('pending')"
    scope = (
        f"{ledger.among('x.id', 'setbacks')} AND o.state IN {waiting} AND NOT EXISTS (SELECT 1 FROM message y WHERE "
        "y.owed_id = x.owed_id AND y.person_id = x.person_id AND y.retry = x.retry AND y.state "
        f"NOT IN ('failed', 'silent', 'withdrawn') AND NOT (y.state = 'delivered' AND y.contact_id IN {DISOWNED}))"
    )
    parameters = {"setbacks": ledger.listed(message_ids)}
    return Chains(_SETBACK_CHAINS.format(scope=scope), parameters, step, len(message_ids))


@dataclass(frozen=True, slots=True)
class Rung:
    """One try of a rung. `notice_id` is the shared notice of a policy, None when each message gets its own.

    With a `subscription` only contacts count that accept the notices of that template.
    """

    step: int
    medium: Medium
    notice_id: int | None
    chunk_size: int
    subscription: str | None = None
    elsewhere: bool = False
    """To the contact that the rung before failed for a reason of the route, by another gateway."""


async def insert_messages(c: AsyncConnection, told: Told, chains: Chains, rung: Rung, now: datetime) -> Rows:
    """A ready message for each chain that has an untried usable contact and has not passed this rung.

    A contact flagged as shared is passed over: a text on a village officer's phone is no evidence for forty
    households. Their chunks are open; who may share a number with another household is in one that is held until the
    last of the campaign is there, see `shared_phones`. Where every message has its own notice, `notice_id` equals the
    message's id.
    """
    first = (await take_ids(c, "message", chains.most))[0]
    chunk = (await take_ids(c, "chunk", chains.most // rung.chunk_size + 2))[0]
    parameters = dict(chains.parameters) | {
        "base": first,
        "chunk": chunk + 1,
        "size": rung.chunk_size,
        "campaign": told.campaign_id,
        "medium": rung.medium.value,
        "kind": KIND_OF[rung.medium].value,
        "step": rung.step,
        "stands_at": chains.stands_at,
        "subscription": rung.subscription,
        "now": stamp(now),
    }
    if rung.notice_id is not None:
        parameters["notice"] = rung.notice_id
    sql = _insert_sql(chains, rung, stoppable=told.kind is BenefitKind.POLICY)
    inserted = await c.execute(text(sql), parameters)
    rows = Rows(first, first + chains.most - 1, inserted.rowcount)
    if rows.n:
        await _insert_chunks(c, rows, chunk)
        if chains.stands_at >= 0:
            await gather(c, told.campaign_id, rung.chunk_size, (rows.first, rows.last))
        await count(c, "message", "m.id BETWEEN :first AND :last", {"first": rows.first, "last": rows.last})
    return rows


def _insert_sql(chains: Chains, rung: Rung, *, stoppable: bool) -> str:
    # What was paid is owed also to those who stopped broadcasts.
    shared_notice = rung.notice_id is not None
    contact = FAILED_CONTACT if rung.elsewhere else _best_contact(untried=chains.stands_at >= 0, stoppable=stoppable)
    notice = "CAST(:notice AS BIGINT)" if shared_notice else "CAST(:base AS BIGINT) + rn"
    place = "CAST(:chunk AS BIGINT) + rn / CAST(:size AS BIGINT)"
    if rung.medium is Medium.SMS:
        place = f"CASE WHEN {MAY_SHARE.format(contact='contact_id')} THEN CAST(:chunk AS BIGINT) - 1 ELSE {place} END"
    return (
        "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, "
        "chunk_id, region_code, state, state_at) "
        # Materialized, or PostgreSQL looks for every contact twice: to see that there is one, and to take it.
        "WITH addressed AS MATERIALIZED ("
        f"SELECT s.owed_id, s.region_code, s.person_id, s.retry, {contact} AS contact_id "
        f"FROM ({chains.sql}) s WHERE NOT EXISTS (SELECT 1 FROM message n "
        "WHERE n.owed_id = s.owed_id AND n.person_id = s.person_id AND n.retry = s.retry AND n.step > :stands_at "
        "AND NOT (n.step = :step AND n.medium <> :medium))) "
        "SELECT CAST(:base AS BIGINT) + rn, owed_id, CAST(:campaign AS BIGINT), person_id, contact_id, "
        f"CAST(:medium AS VARCHAR), CAST(:step AS INTEGER), retry, {notice}, "
        f"{place}, region_code, 'ready', CAST(:now AS BIGINT) FROM ("
        "SELECT addressed.*, ROW_NUMBER() OVER (ORDER BY region_code, owed_id) - 1 AS rn FROM addressed "
        "WHERE contact_id IS NOT NULL) numbered"
    )


def _best_contact(*, untried: bool, stoppable: bool) -> str:
    """The chain person's contact, else the householder's, else another's.

    `untried` leaves out what this chain used already, and what failed for another chain of the household; `stoppable`
    leaves out whoever stopped policy broadcasts.
    """
    # Before the first rung there is nothing tried; looking for it would cost a probe a household.
    condition = (
        " AND NOT EXISTS (SELECT 1 FROM message t JOIN contact tc ON tc.id = t.contact_id "
        "WHERE t.owed_id = s.owed_id AND tc.value_hash = c.value_hash AND ((t.person_id = s.person_id "
        "AND t.retry = s.retry) OR t.state IN ('failed', 'silent')))"
        if untried
        else ""
    ) + (f" AND c.value_hash NOT IN {OPTED_OUT}" if stoppable else "")
    contacts = (
        "(SELECT MIN(c.id) FROM contact c WHERE c.household_id = s.household_id AND c.kind = :kind "
        f"AND c.state = 'usable' AND c.is_shared = 0{condition}{_ACCEPTING}"
    )
    own, head = "AND c.person_id = s.person_id", "AND c.person_id = s.householder_id"
    return f"COALESCE({contacts} {own}), {contacts} {head}), {contacts}))"


async def _insert_chunks(c: AsyncConnection, rows: Rows, held: int) -> None:
    await c.execute(
        text(
            "INSERT INTO chunk (id, campaign_id, medium, lane, n_messages, state, not_before, lease_until) "
            f"SELECT n.chunk_id, n.campaign_id, n.medium, {LANE_OF_CAMPAIGN}, n.n, 'open', "
            "CASE WHEN n.chunk_id = :held THEN CAST(:never AS BIGINT) ELSE 0 END, 0 FROM ("
            "SELECT chunk_id, campaign_id, medium, COUNT(*) AS n FROM message "
            "WHERE id BETWEEN :first AND :last GROUP BY chunk_id, campaign_id, medium) n "
            "JOIN campaign k ON k.id = n.campaign_id"
        ),
        {"first": rows.first, "last": rows.last, "held": held, "never": HELD},
    )


async def chains_left(c: AsyncConnection, chains: Chains) -> list[tuple[int, int]]:
    """(owed, person) of the chains that no rung above where they stand could be composed for: a person must go."""
    rows = await c.execute(
        text(
            f"SELECT s.owed_id, s.person_id FROM ({chains.sql}) s WHERE NOT EXISTS (SELECT 1 FROM message n WHERE "
            "n.owed_id = s.owed_id AND n.person_id = s.person_id AND n.retry = s.retry AND n.step > :stands_at)"
        ),
        dict(chains.parameters) | {"stands_at": chains.stands_at},
    )
    return [(int(row.owed_id), int(row.person_id)) for row in rows]


def only(ledger: Ledger, chains: Chains, left: Sequence[tuple[int, int]]) -> Chains:
    """Those of the chains that `chains_left` gave."""
    owed_ids = sorted({owed_id for owed_id, _ in left})
    return Chains(
        f"SELECT narrowed.* FROM ({chains.sql}) narrowed WHERE {ledger.among('narrowed.owed_id', 'left')}",
        dict(chains.parameters) | {"left": ledger.listed(owed_ids)},
        chains.stands_at,
        len(left),
    )


async def mark_composed(c: AsyncConnection, told: Told, first_owed: int, last_owed: int) -> None:
    """The owed rows of the range have had their first rung."""
    await c.execute(
        text(
            "UPDATE owed SET composed_step = 0 WHERE campaign_id = :campaign AND id BETWEEN :lo AND :hi "
            "AND composed_step = -1"
        ),
        {"campaign": told.campaign_id, "lo": first_owed, "hi": last_owed},
    )
