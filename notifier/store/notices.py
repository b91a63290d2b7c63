"""Notices: what was said, sealed; and the payment lines it is said of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Date, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import Notice
from notifier.store.composing import Rows, Told
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import MU_SCALE
from notifier.store.told_lines import lines_of, said_before

_PLACE = "notice.facts_sealed"


@dataclass(frozen=True, slots=True)
class Line:
    """A payment line as a notice tells it."""

    area_mu: Decimal | None
    standard_fen: int | None
    amount_fen: int | None
    period: str | None
    returned_why: str | None
    goods: str | None
    quantity: str | None
    unit: str | None
    pick_up: str | None
    said_amount_fen: int | None = None
    """What the household was told before, when the line was corrected; also `said_quantity`."""
    said_quantity: str | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """A message that needs its own notice: whose lines it tells, and the lines in file order."""

    message_id: int
    name: str = field(repr=False)
    lines: Sequence[Line] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BenefitFacts:
    """What of the benefit itself goes into texts."""

    item: str | None
    period: str | None
    basis: str | None
    published_on: date | None


async def benefit_facts(c: AsyncConnection, benefit_id: int) -> BenefitFacts:
    """The benefit's item, period, basis and date, each as the source gave it or None."""
    row = (
        await c.execute(
            text("SELECT item, period, basis, published_on FROM benefit WHERE id = :id").columns(published_on=Date),
            {"id": benefit_id},
        )
    ).one()
    return BenefitFacts(row.item, row.period, row.basis, row.published_on)


async def addressees(c: AsyncConnection, ledger: Ledger, told: Told, rows: Rows) -> list[Addressee]:
    """The messages of an id range with the lines of their chain; in id order."""
    found = await c.execute(
        text(
            "SELECT m.id AS message_id, w.id AS person_id, w.name_sealed, p.area_mu, p.standard_fen, p.amount_fen, "
            f"p.period, p.returned_why, p.goods, p.quantity_text, p.unit, p.pick_up, {said_before(told.purpose)} "
            "FROM message m JOIN owed o ON o.id = m.owed_id "
            f"JOIN {lines_of(told.purpose, told.campaign_id)} p ON p.household_id = o.household_id "
            "AND p.benefit_id = :benefit AND p.state = :purpose "
            "AND p.told_person_id = m.person_id AND p.told_retry = m.retry "
            "JOIN person w ON w.id = m.person_id "
            "WHERE m.id BETWEEN :first AND :last ORDER BY m.id, p.id"
        ),
        {"benefit": told.benefit_id, "purpose": told.purpose, "first": rows.first, "last": rows.last},
    )
    return [
        Addressee(
            message_id,
            ledger.vault.open_text("person.name_sealed", group[0].person_id, group[0].name_sealed),
            [_line(row) for row in group],
        )
        for message_id, group in (
            (key, list(rows)) for key, rows in groupby(found, key=lambda row: int(row.message_id))
        )
    ]


@dataclass(frozen=True, slots=True)
class Reader:
    """A message of a text that differs from household to household: whose it is, and of which village."""

    message_id: int
    name: str = field(repr=False)
    village: str


async def readers(c: AsyncConnection, ledger: Ledger, rows: Rows) -> list[Reader]:
    """The messages of an id range with the person of their chain; in id order."""
    found = await c.execute(
        text(
            "SELECT m.id AS message_id, w.id AS person_id, w.name_sealed, coalesce(r.name, '') AS village "
            "FROM message m JOIN person w ON w.id = m.person_id LEFT JOIN region r ON r.code = m.region_code "
            "WHERE m.id BETWEEN :first AND :last ORDER BY m.id"
        ),
        {"first": rows.first, "last": rows.last},
    )
    return [
        Reader(
            int(row.message_id),
            ledger.vault.open_text("person.name_sealed", row.person_id, row.name_sealed),
            str(row.village),
        )
        for row in found
    ]


async def without_notice(c: AsyncConnection, rows: Rows) -> list[int]:
    """Messages of an id range whose own notice was not composed, since no line of their chain is left to tell."""
    found = await c.execute(
        text(
            "SELECT m.id FROM message m WHERE m.id BETWEEN :first AND :last "
            "AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.id = m.notice_id)"
        ),
        {"first": rows.first, "last": rows.last},
    )
    return [int(row.id) for row in found]


def _line(row: Row[Any]) -> Line:
    return Line(
        None if row.area_mu is None else Decimal(int(row.area_mu)) / MU_SCALE,
        row.standard_fen,
        row.amount_fen,
        row.period,
        row.returned_why,
        row.goods,
        row.quantity_text,
        row.unit,
        row.pick_up,
        row.said_amount_fen,
        row.said_quantity_text,
    )


async def insert_notices(c: AsyncConnection, ledger: Ledger, told: Told, notices: Sequence[tuple[Notice, int]]) -> None:
    """The notices are kept, each with its segments, their facts sealed. Empty is fine."""
    if not notices:
        return
    await c.execute(
        text(
            "INSERT INTO notice (id, campaign_id, kind, facts_sealed, n_segments) "
            "VALUES (:id, :campaign, :kind, :sealed, :n)"
        ),
        [
            {
                "id": one.notice_id,
                "campaign": told.campaign_id,
                "kind": one.kind,
                "sealed": ledger.vault.seal(_PLACE, one.notice_id, _written(one.facts)),
                "n": n_segments,
            }
            for one, n_segments in notices
        ],
    )


def _written(facts: Mapping[str, str]) -> bytes:
    return json.dumps(dict(facts), ensure_ascii=False).encode()


def read_notice(ledger: Ledger, notice_id: int, kind: str, sealed: bytes) -> Notice:
    """A notice with its facts."""
    return Notice(notice_id, kind, json.loads(ledger.vault.open(_PLACE, notice_id, sealed)))


async def shared_notice(c: AsyncConnection, told: Told) -> int | None:
    """The notice that a campaign's messages share; None before it is composed, and where each has its own."""
    if told.is_personal:
        return None
    row = (
        await c.execute(
            text("SELECT id FROM notice WHERE campaign_id = :campaign ORDER BY id LIMIT 1"),
            {"campaign": told.campaign_id},
        )
    ).first()
    return None if row is None else int(row.id)
