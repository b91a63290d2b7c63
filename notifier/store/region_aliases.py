"""Old and other names of regions: a renamed village keeps its code, and files keep its old name for years."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.regions import Region
from notifier.store.ledger import Ledger
from notifier.store.registry_regions import read_regions


async def keep_aliases(ledger: Ledger, aliases: Sequence[tuple[str, str]]) -> int:
    """Each (name, region code) is known; how many were new. Codes must be regions of the ledger. Safe to repeat."""
    if not aliases:
        return 0
    async with ledger.writing() as c:
        before = await _count(c)
        await c.execute(
            text(
                "INSERT INTO region_alias (alias, region_code) VALUES (:alias, :code) "
                "ON CONFLICT (alias, region_code) DO NOTHING"
            ),
            [{"alias": alias, "code": code} for alias, code in aliases],
        )
        return await _count(c) - before


async def _count(c: AsyncConnection) -> int:
    return int((await c.execute(text("SELECT COUNT(*) FROM region_alias"))).scalar_one())


async def region_aliases(ledger: Ledger) -> Mapping[str, Sequence[str]]:
    """The codes that each alias means, in order."""
    found: dict[str, list[str]] = {}
    async with ledger.reading() as c:
        for alias, code in await c.execute(text("SELECT alias, region_code FROM region_alias ORDER BY alias, 2")):
            found.setdefault(str(alias), []).append(str(code))
    return found


async def read_places(ledger: Ledger) -> list[Region]:
    """The whole tree, and after it each region again under its other names."""
    regions = await read_regions(ledger)
    known = {one.code: one for one in regions}
    others = [
        Region(code, alias, known[code].level, known[code].parent)
        for alias, codes in (await region_aliases(ledger)).items()
        for code in codes
        if code in known
    ]
    return regions + others
