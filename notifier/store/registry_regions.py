"""The 行政区划 tree in the ledger."""

from collections.abc import Sequence

from sqlalchemy import text

from notifier.domain.regions import Region
from notifier.store.ledger import Ledger


async def keep_regions(ledger: Ledger, regions: Sequence[Region]) -> int:
    """Every region is in the ledger under its newest name; how many were new or renamed. Safe to repeat.

    What a region was called before stays a name of it (`region_aliases`): files keep old names for years.
    """
    async with ledger.writing() as connection:
        known = {row.code: row.name for row in await connection.execute(text("SELECT code, name FROM region"))}
        changed = [one for one in regions if known.get(one.code) != one.name]
        renamed = [{"alias": known[one.code], "code": one.code} for one in changed if one.code in known]
        if renamed:
            await connection.execute(
                text(
                    "INSERT INTO region_alias (alias, region_code) VALUES (:alias, :code) "
                    "ON CONFLICT (alias, region_code) DO NOTHING"
                ),
                renamed,
            )
        if changed:
            await connection.execute(
                text(
                    "INSERT INTO region (code, name, level, parent) VALUES (:code, :name, :level, :parent) "
                    "ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level, "
                    "parent = excluded.parent"
                ),
                [{"code": one.code, "name": one.name, "level": one.level, "parent": one.parent} for one in changed],
            )
    return len(changed)


async def read_regions(ledger: Ledger) -> list[Region]:
    """The whole tree in order of code."""
    async with ledger.reading() as connection:
        rows = await connection.execute(text("SELECT code, name, level, parent FROM region ORDER BY code"))
        return [Region(row.code, row.name, row.level, row.parent) for row in rows]
