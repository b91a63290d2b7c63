"""The history of the register: who changed what of a household, when and why; values are kept sealed (P6)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.store import audit
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_BEFORE, _AFTER = "registry_change.before_sealed", "registry_change.after_sealed"


@dataclass(frozen=True, slots=True)
class Said:
    """Who changes something, why and when. `why` is masked before it is kept; a reason is demanded."""

    by_user: str
    why: str = field(repr=False)
    at: datetime

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise InputError("请写明原因；更正、合并和删除都要留下依据")


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that became another; `before` and `after` are in clear, None where there is none."""

    household_id: int
    what: str
    before: str | None = field(default=None, repr=False)
    after: str | None = field(default=None, repr=False)
    person_id: int | None = None


async def note_changes(c: AsyncConnection, ledger: Ledger, changes: Sequence[Changed], said: Said) -> None:
    """The changes are in the history and, without their values, in the audit trail. Call it last; empty is fine."""
    if not changes:
        return
    why = await _reason(c, ledger, [one.household_id for one in changes], said.why)
    ids = await take_ids(c, "registry_change", len(changes))
    await c.execute(
        text(
            "INSERT INTO registry_change (id, household_id, person_id, what, before_sealed, after_sealed, why, "
            "by_user, at) VALUES (:id, :household, :person, :what, :before, :after, :why, :by, :at)"
        ),
        [
            {
                "id": change_id,
                "household": one.household_id,
                "person": one.person_id,
                "what": one.what,
                "before": _sealed(ledger, _BEFORE, change_id, one.before),
                "after": _sealed(ledger, _AFTER, change_id, one.after),
                "why": why,
                "by": said.by_user,
                "at": stamp(said.at),
            }
            for change_id, one in zip(ids, changes, strict=True)
        ],
    )
    homes = sorted({one.household_id for one in changes})
    what = sorted({one.what for one in changes})
    await audit.append(
        c, said.by_user, "household.change", {"households": homes, "what": what, "first": ids.start}, at=said.at
    )


def _sealed(ledger: Ledger, place: str, change_id: int, value: str | None) -> bytes | None:
    return None if value is None else ledger.vault.seal_text(place, change_id, value)


async def without_persons(ledger: Ledger, household_id: int, words: str) -> str:
    """The words with numbers and the names of the household masked, as they may be kept."""
    async with ledger.reading() as c:
        return await _reason(c, ledger, [household_id], words)


async def _reason(c: AsyncConnection, ledger: Ledger, household_ids: Sequence[int], why: str) -> str:
    rows = await c.execute(
        text(f"SELECT id, name_sealed FROM person WHERE {ledger.among('household_id', 'ids')}"),
        {"ids": ledger.listed(sorted(set(household_ids)))},
    )
    names = [ledger.vault.open_text("person.name_sealed", row.id, bytes(row.name_sealed)) for row in rows]
    return masked(why, names)[:200]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A change as the history has it; the values are in clear and for the masks of whoever shows them."""

    at: datetime
    what: str
    person_id: int | None
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    why: str
    by_user: str


async def history_of(ledger: Ledger, household_id: int, most: int = 200) -> list[HistoryLine]:
    """The household's latest changes, newest first; empty when nobody changed anything."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT id, at, what, person_id, before_sealed, after_sealed, why, by_user FROM registry_change "
                "WHERE household_id = :id ORDER BY id DESC LIMIT :most"
            ),
            {"id": household_id, "most": most},
        )
        return [
            HistoryLine(
                instant(row.at),
                row.what,
                row.person_id,
                _opened(ledger, _BEFORE, row.id, row.before_sealed),
                _opened(ledger, _AFTER, row.id, row.after_sealed),
                row.why,
                row.by_user,
            )
            for row in rows
        ]


def _opened(ledger: Ledger, place: str, change_id: int, sealed: bytes | None) -> str | None:
    return None if sealed is None else ledger.vault.open_text(place, change_id, bytes(sealed))
