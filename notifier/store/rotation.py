"""Key rotation: every sealed value is sealed again with the active key and the configured cipher.

A rotation that was killed is begun again: what is current is left alone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from notifier.domain.contracts import Progress
from notifier.store.ledger import Ledger

_ROWS_A_BATCH = 500


class SealedColumn(NamedTuple):
    """A column of sealed values. `key` identifies a row and is bound into the seal, unless the row has a `text_key`."""

    table: str
    column: str
    key: str = "id"
    has_text_key: bool = False

    def bound(self, key: Any) -> tuple[str, int]:
        """(place, row id) that a value of the row with this key is sealed under."""
        place = f"{self.table}.{self.column}"
        return (f"{place}.{key}", 0) if self.has_text_key else (place, int(key))


SEALED_COLUMNS: tuple[SealedColumn, ...] = (
    SealedColumn("snapshot", "raw_sealed"),
    SealedColumn("payment", "beneficiary_sealed"),
    SealedColumn("payment", "holder_sealed"),
    SealedColumn("payment", "id_sealed"),
    SealedColumn("notice", "facts_sealed"),
    SealedColumn("person", "name_sealed"),
    SealedColumn("person", "id_sealed"),
    SealedColumn("person", "card_sealed"),
    SealedColumn("contact", "value_sealed"),
    SealedColumn("import_run", "rejected_sealed"),
    SealedColumn("registry_change", "before_sealed"),
    SealedColumn("registry_change", "after_sealed"),
    SealedColumn("upload", "file_sealed"),
    SealedColumn("push", "sealed"),
    SealedColumn("heard_part", "sealed"),
    SealedColumn("direct_attempt", "sealed"),
    SealedColumn("inquiry", "contact_sealed"),
    SealedColumn("inquiry", "text_sealed"),
    SealedColumn("inquiry_step", "text_sealed"),
    SealedColumn("factor", "value_sealed"),
    SealedColumn("account_session", "address_sealed"),
    SealedColumn("visit_photo", "photo_sealed", "visit_id"),
    SealedColumn("greeting", "openid_sealed"),
    SealedColumn("token", "sealed", "key", has_text_key=True),
)
"""Every column that holds sealed values; a test compares this list with the tables."""


async def rotate_seals(ledger: Ledger, progress: Progress) -> int:
    """No value in the ledger needs an old key any more; how many were sealed again. Safe to repeat and to kill.

    Raises SealError when a value does not open; what was rotated before stays rotated.
    """
    n_rotated = 0
    for column in SEALED_COLUMNS:
        after: Any = None
        while True:
            keys, n_changed = await _rotate_some(ledger, column, after)
            n_rotated += n_changed
            if not keys:
                break
            progress.advance(len(keys))
            after = keys[-1]
    return n_rotated


async def is_rotated(ledger: Ledger) -> bool:
    """True when every sealed value has the active key; False while a rotation is under way or was cut short."""
    head = ledger.vault.active_key_id.to_bytes(2, "big")
    async with ledger.reading() as c:
        for table, column, *_ in SEALED_COLUMNS:
            sql = f"SELECT 1 FROM {table} WHERE {column} IS NOT NULL AND substr({column}, 2, 2) <> :head LIMIT 1"
            if (await c.execute(text(sql), {"head": head})).first() is not None:
                return False
    return True


async def _rotate_some(ledger: Ledger, column: SealedColumn, after: Any) -> tuple[Sequence[Any], int]:
    table, name, key = column.table, column.column, column.key
    beyond = "" if after is None else f"AND {key} > :after"
    async with ledger.writing() as connection:
        query = text(
            f"SELECT {key}, {name} FROM {table} WHERE {name} IS NOT NULL {beyond} ORDER BY {key} LIMIT {_ROWS_A_BATCH}"
        )
        rows = (await connection.execute(query, {} if after is None else {"after": after})).all()
        changed = []
        for row_key, stored in rows:
            sealed = bytes(stored)
            if not ledger.vault.is_current(sealed):
                place, row_id = column.bound(row_key)
                value = ledger.vault.open(place, row_id, sealed)
                changed.append({"key": row_key, "old": sealed, "new": ledger.vault.seal(place, row_id, value)})
        if changed:
            # only the value that was read: another process may have written a newer one meanwhile
            await connection.execute(
                text(f"UPDATE {table} SET {name} = :new WHERE {key} = :key AND {name} = :old"), changed
            )
    return [row[0] for row in rows], len(changed)
