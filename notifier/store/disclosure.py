"""三级政务公开清单: the entries of the list, and under which one a policy is filed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.store import audit
from notifier.store.ledger import Ledger, Transaction, take_ids
from notifier.store.tables.columns import stamp

SYSTEM = "system"
"""Who filed what nobody confirmed yet."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the list. `level` is 市, 县 or 乡; `keywords` are words of a policy's title that belong to it."""

    level: str
    field: str
    item: str
    sub_item: str
    contents: str = ""
    basis: str = ""
    time_limit: str = ""
    office: str = ""
    channels: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with its number, and how many policies are filed under it."""

    entry_id: int
    entry: Entry
    n_policies: int


_COLUMNS = ("level", "field", "item", "sub_item", "contents", "basis", "time_limit", "office", "channels", "keywords")
_CHANGING = _COLUMNS[4:]
_INSERT = text(
    f"INSERT INTO disclosure_item (id, {', '.join(_COLUMNS)}, is_retired) "
    f"VALUES (:id, {', '.join(':' + name for name in _COLUMNS)}, 0) "
    "ON CONFLICT (level, field, item, sub_item) DO UPDATE SET is_retired = 0, "
    + ", ".join(f"{name} = excluded.{name}" for name in _CHANGING)
)


async def keep_entries(ledger: Ledger, entries: Sequence[Entry], by: str, now: datetime) -> int:
    """The list is these entries: new ones are added, known ones brought up to date, all others retired, not deleted.

    Gives how many it has now. Safe to repeat.
    """
    async with ledger.writing() as c:
        await c.execute(text("UPDATE disclosure_item SET is_retired = 1"))
        if entries:
            ids = await take_ids(c, "disclosure_item", len(entries))
            await c.execute(_INSERT, [_row(one, entry_id) for one, entry_id in zip(entries, ids, strict=True)])
        statement = "SELECT COUNT(*) FROM disclosure_item WHERE is_retired = 0"
        n = int((await c.execute(text(statement))).scalar_one())
        await audit.append(c, by, "disclosure.import", {"entries": n}, at=now)
    return n


def _row(one: Entry, entry_id: int) -> dict[str, object]:
    named = {name: getattr(one, name) for name in _COLUMNS if name != "keywords"}
    return {"id": entry_id, **named, "keywords": ",".join(one.keywords)}


async def entries(ledger: Ledger) -> list[Listed]:
    """The list as it stands, by level, field and item, without what is retired."""
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"SELECT i.id, {', '.join('i.' + name for name in _COLUMNS)}, "
                "(SELECT COUNT(*) FROM disclosure_filing f WHERE f.item_id = i.id) AS n_policies "
                "FROM disclosure_item i WHERE i.is_retired = 0 ORDER BY i.level, i.field, i.item, i.sub_item"
            )
        )
        return [Listed(row.id, _entry(tuple(row)[1:-1]), row.n_policies) for row in rows]


def _entry(values: Sequence[str]) -> Entry:
    told = dict(zip(_COLUMNS, values, strict=True))
    words = tuple(word for word in told.pop("keywords").split(",") if word)
    return Entry(**told, keywords=words)


async def suggest(c: Transaction, benefit_id: int, item_id: int, now: datetime) -> None:
    """The policy is filed there until somebody says otherwise; what somebody said stays."""
    await c.execute(
        text(
            "INSERT INTO disclosure_filing (benefit_id, item_id, by_user, at) VALUES (:benefit, :item, :by, :at) "
            "ON CONFLICT (benefit_id) DO UPDATE SET item_id = excluded.item_id, at = excluded.at "
            "WHERE disclosure_filing.by_user = :by"
        ),
        {"benefit": benefit_id, "item": item_id, "by": SYSTEM, "at": stamp(now)},
    )


async def file_under(ledger: Ledger, benefit_id: int, item_id: int, by: str, now: datetime) -> None:
    """The policy is filed under the entry. Safe to repeat. Raises InputError for an unknown policy or entry."""
    async with ledger.writing() as c:
        known = (
            "SELECT (SELECT COUNT(*) FROM benefit WHERE id = :benefit AND kind = 'policy') "
            "+ (SELECT COUNT(*) FROM disclosure_item WHERE id = :item AND is_retired = 0)"
        )
        if (await c.execute(text(known), {"benefit": benefit_id, "item": item_id})).scalar_one() != 2:
            raise InputError("没有这项政策或这条清单事项;请刷新页面后再选")
        await c.execute(
            text(
                "INSERT INTO disclosure_filing (benefit_id, item_id, by_user, at) VALUES (:benefit, :item, :by, :at) "
                "ON CONFLICT (benefit_id) DO UPDATE "
                "SET item_id = excluded.item_id, by_user = excluded.by_user, at = excluded.at"
            ),
            {"benefit": benefit_id, "item": item_id, "by": by, "at": stamp(now)},
        )
        await audit.append(c, by, "disclosure.file", {"benefit": benefit_id, "entry": item_id}, at=now)


async def filing_of(ledger: Ledger, benefit_id: int) -> tuple[int, Entry, bool] | None:
    """(entry id, entry, whether a person confirmed it) of the policy; None when it is filed nowhere."""
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text(
                    f"SELECT i.id, {', '.join('i.' + name for name in _COLUMNS)}, f.by_user FROM disclosure_filing f "
                    "JOIN disclosure_item i ON i.id = f.item_id WHERE f.benefit_id = :benefit"
                ),
                {"benefit": benefit_id},
            )
        ).first()
    return None if row is None else (row.id, _entry(tuple(row)[1:-1]), row.by_user != SYSTEM)
