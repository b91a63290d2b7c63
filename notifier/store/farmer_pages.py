"""What a farmer reads about their own household: what it was told, line by line, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import BenefitKind
from notifier.store.ledger import Ledger
from notifier.store.notices import Line
from notifier.store.tables.columns import MU_SCALE, instant

_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Telling:
    """One campaign as a household reads it; `lines` with whose they are, empty for a policy."""

    owed_id: int
    household_id: int
    kind: BenefitKind
    purpose: str
    title: str
    summary: str
    text: str
    """What a person wrote, of a campaign that is a text of its own; its braces are still open."""
    village: str
    item: str | None
    period: str | None
    basis: str | None
    issuer: str | None
    document_number: str | None
    published_on: date | None
    told_at: datetime
    is_acknowledged: bool
    lines: Sequence[tuple[str, Line]] = field(repr=False, default=())


_TOLD = (
    "SELECT o.id, o.household_id, o.level, k.kind, k.purpose, k.title, k.summary, k.benefit_id, "
    "COALESCE(k.free_text, '') AS free_text, COALESCE(r.name, '') AS village, "
    "COALESCE(k.launched_at, k.created_at) AS told_at, b.item, b.period, b.basis, b.issuer, b.document_number, "
    "b.published_on FROM owed o JOIN campaign k ON k.id = o.campaign_id LEFT JOIN benefit b ON b.id = k.benefit_id "
    "LEFT JOIN region r ON r.code = o.region_code WHERE {where} ORDER BY told_at DESC, o.id DESC"
)
_LINES = (
    "SELECT o.id AS owed_id, w.id AS person_id, w.name_sealed, p.area_mu, p.standard_fen, p.amount_fen, p.period, "
    "p.returned_why, p.goods, p.quantity_text, p.unit, p.pick_up FROM owed o JOIN campaign k ON k.id = o.campaign_id "
    "JOIN payment p ON p.household_id = o.household_id AND p.benefit_id = k.benefit_id AND p.state = k.purpose "
    "AND p.match_state = 'matched' JOIN person w ON w.id = p.person_id "
    "WHERE {where} ORDER BY o.id, p.id LIMIT :most"
)


async def telling_of_message(c: AsyncConnection, ledger: Ledger, owed_id: int, person_id: int, retry: int) -> Telling:
    """What one chain was told: the lines of the person (and of whom they stand for) in that retry."""
    bound = {"owed": owed_id}
    row = (await c.execute(_told("o.id = :owed"), bound)).one()
    where = "o.id = :owed AND p.told_person_id = :person AND p.told_retry = :retry"
    lines = await _lines(c, ledger, where, bound | {"person": person_id, "retry": retry})
    return _telling(row, lines)


async def tellings_of_households(
    c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int], most: int
) -> Sequence[Telling]:
    """What the households were told, newest first, up to `most`; all lines of each."""
    homes = {"homes": ledger.listed(household_ids)}
    where = f"{ledger.among('o.household_id', 'homes')} AND k.state IN ('running', 'paused', 'finished')"
    rows = (await c.execute(_told(where, " LIMIT :most"), homes | {"most": most})).all()
    shown = {"shown": ledger.listed([row.id for row in rows])}
    lines = await _lines(c, ledger, ledger.among("o.id", "shown"), shown)
    return [_telling(row, lines) for row in rows]


def _told(where: str, limit: str = "") -> Any:
    return text(_TOLD.format(where=where) + limit).columns(published_on=Date)


async def _lines(
    c: AsyncConnection, ledger: Ledger, where: str, bound: Mapping[str, Any]
) -> Mapping[int, Sequence[tuple[str, Line]]]:
    found: dict[int, list[tuple[str, Line]]] = {}
    for row in await c.execute(text(_LINES.format(where=where)), {**bound, "most": _MOST_LINES}):
        name = ledger.vault.open_text("person.name_sealed", row.person_id, bytes(row.name_sealed))
        area = None if row.area_mu is None else Decimal(int(row.area_mu)) / MU_SCALE
        line = Line(
            area, row.standard_fen, row.amount_fen, row.period, row.returned_why, row.goods, row.quantity_text,
            row.unit, row.pick_up,
        )  # fmt: skip
        found.setdefault(int(row.owed_id), []).append((name, line))
    return found


def _telling(row: Any, lines: Mapping[int, Sequence[tuple[str, Line]]]) -> Telling:
    return Telling(
        row.id,
        row.household_id,
        BenefitKind(row.kind),
        row.purpose,
        row.title,
        row.summary,
        row.free_text,
        row.village,
        row.item,
        row.period,
        row.basis,
        row.issuer,
        row.document_number,
        row.published_on,
        instant(int(row.told_at)),
        row.level == "acknowledged",
        lines.get(row.id, ()),
    )


async def name_of(c: AsyncConnection, ledger: Ledger, person_id: int) -> str:
    """The person's name: for their own page only."""
    sealed = (await c.execute(text("SELECT name_sealed FROM person WHERE id = :id"), {"id": person_id})).scalar_one()
    return ledger.vault.open_text("person.name_sealed", person_id, bytes(sealed))
