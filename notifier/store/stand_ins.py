"""Households that were merged: which household stands for them now."""

from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

_HASHES_AT_ONCE = 5000
_UP = (
    "WITH RECURSIVE up (key_hash, id) AS (SELECT key_hash, merged_into FROM household "
    "WHERE merged_into IS NOT NULL AND key_hash IN :hashes "
    "UNION ALL SELECT up.key_hash, h.merged_into FROM up JOIN household h ON h.id = up.id "
    "WHERE h.merged_into IS NOT NULL) "
    "SELECT up.key_hash, up.id FROM up JOIN household h ON h.id = up.id WHERE h.merged_into IS NULL"
)


async def stand_ins(connection: AsyncConnection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """For each key of a merged household the one that it ended in, at the end of however many merges."""
    query = text(_UP).bindparams(bindparam("hashes", expanding=True))
    found: dict[bytes, int] = {}
    for at in range(0, len(keys), _HASHES_AT_ONCE):
        rows = await connection.execute(query, {"hashes": keys[at : at + _HASHES_AT_ONCE]})
        found |= {bytes(row.key_hash): int(row.id) for row in rows}
    return found
