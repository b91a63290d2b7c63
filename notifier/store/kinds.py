"""Kinds that a county imports without a column of ours (驴, 蜂箱 …): how much each household has, in thousandths.

Among a household's attributes they stand under their name behind KIND; see headers.toml.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger

KIND = "kind:"
"""Before the name of a kind, among attributes and among the fields of a roster."""
KIND_SCALE = 1000


async def read_kinds(c: AsyncConnection, ledger: Ledger, listed: Mapping[str, Any]) -> dict[int, dict[str, int]]:
    """What of the households bound to `ids` is above zero, by household and kind."""
    found: dict[int, dict[str, int]] = {}
    among = ledger.among("household_id", "ids")
    rows = await c.execute(
        text(f"SELECT household_id, kind, amount FROM household_attribute WHERE {among}"), dict(listed)
    )
    for row in rows:
        found.setdefault(int(row.household_id), {})[f"{KIND}{row.kind}"] = int(row.amount)
    return found


async def keep_kinds(c: AsyncConnection, homes: Mapping[int, Mapping[str, int]]) -> None:
    """Each household has exactly these amounts of the kinds that are named; none is no row. Safe to repeat."""
    rows = [
        {"home": number, "kind": name.removeprefix(KIND), "amount": amount}
        for number, attributes in homes.items()
        for name, amount in attributes.items()
        if name.startswith(KIND)
    ]
    if kept := [row for row in rows if row["amount"]]:
        await c.execute(
            text(
                "INSERT INTO household_attribute (household_id, kind, amount) VALUES (:home, :kind, :amount) "
                "ON CONFLICT (household_id, kind) DO UPDATE SET amount = excluded.amount"
            ),
            kept,
        )
    if gone := [row for row in rows if not row["amount"]]:
        await c.execute(
            text("DELETE FROM household_attribute WHERE household_id = :home AND kind = :kind"),
            [{"home": row["home"], "kind": row["kind"]} for row in gone],
        )
