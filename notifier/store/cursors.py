"""How far a source was read, kept in the commit of what was read."""

import json
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def advance(c: AsyncConnection, source: str, memory: Mapping[str, str]) -> None:
    """The source's next look begins behind `memory`, if the caller's transaction is committed. Safe to repeat."""
    await c.execute(
        text(
            "INSERT INTO source (name, memory) VALUES (:name, :memory) "
            "ON CONFLICT (name) DO UPDATE SET memory = excluded.memory"
        ),
        {"name": source, "memory": json.dumps(dict(memory), ensure_ascii=False)},
    )
