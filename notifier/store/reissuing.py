"""A list issued again with other figures: its lines take the place of those they correct; the differences are kept."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import Disbursement, Issue, PaymentLine
from notifier.store.benefits import line_row
from notifier.store.ledger import Ledger, take_ids
from notifier.store.sealing import Vault
from notifier.store.tables.columns import stamp

_Who = tuple[Any, ...]
_FIGURES = ("area_mu", "standard_fen", "amount_fen", "quantity_text")
_MOST_SHARE = 2  # a list that holds every second person of its batch, or more, is the batch again


@dataclass(frozen=True, slots=True)
class Reissued:
    """Lines corrected, and lines of the batch that the list does not have any more; those stay as they are."""

    n_changed: int = 0
    n_absent: int = 0


@dataclass(frozen=True, slots=True)
class _Old:
    """A line as the ledger has it."""

    payment_id: int
    line_hash: bytes
    figures: Mapping[str, Any]
    was_told: bool


async def reissue(ledger: Ledger, c: AsyncConnection, benefit_id: int, batch: Disbursement, now: datetime) -> Reissued:
    """Lines of the list that stand, with other figures, for lines of the benefit have taken their place. Repeatable.

    A line corrects another of the same person and kind that the list does not have any more; a person's further line is
    left to be added. Nothing happens for a part, nor for a list that holds less than half of the batch's persons unless
    it says that it corrects. With changes the benefit has a new version.
    """
    if batch.issue is Issue.PART:
        return Reissued()
    old = await _old_lines(c, benefit_id)
    pairs, n_absent = await asyncio.to_thread(_corrections, ledger.vault, benefit_id, batch, old)
    if not pairs:
        return Reissued(0, n_absent)
    version = await _next_version(c, benefit_id)
    said = await _take_over_untold(ledger, c, benefit_id, version, [one.payment_id for one, _ in pairs])
    await _replace(c, pairs)
    ids = await take_ids(c, "payment_change", len(pairs))
    known = {"benefit": benefit_id, "version": version, "at": stamp(now)}
    rows = [{**known, **_change(one, new, said), "id": n} for n, (one, new) in zip(ids, pairs, strict=True)]
    await c.execute(_INSERT_CHANGE, rows)
    return Reissued(len(pairs), n_absent)


async def _old_lines(c: AsyncConnection, benefit_id: int) -> Mapping[_Who, list[_Old]]:
    rows = await c.execute(
        text(
            "SELECT id, line_hash, id_hash, account_hash, name_hash, village, group_name, state, goods, area_mu, "
            "standard_fen, amount_fen, quantity_text, told_person_id FROM payment WHERE benefit_id = :id ORDER BY id"
        ),
        {"id": benefit_id},
    )
    found: dict[_Who, list[_Old]] = defaultdict(list)
    for row in map(dict, rows.mappings()):
        figures = {name: row[name] for name in _FIGURES}
        old = _Old(int(row["id"]), bytes(row["line_hash"]), figures, row["told_person_id"] is not None)
        found[_who(row)].append(old)
    return found


def _who(row: Mapping[str, Any]) -> _Who:
    """Whose line of which kind: by id, else by account, else by name and place."""
    kind = (row["state"], row["goods"])
    for column in ("id_hash", "account_hash"):
        if row[column] is not None:
            return (bytes(row[column]), *kind)
    return (bytes(row["name_hash"]), row["village"], row["group_name"], *kind)


def _corrections(
    vault: Vault, benefit_id: int, batch: Disbursement, old: Mapping[_Who, Sequence[_Old]]
) -> tuple[list[tuple[_Old, dict[str, Any]]], int]:
    listed: dict[_Who, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(vault, benefit_id, batch.lines):
        listed[_who(row)].append(row)
    if batch.issue is not Issue.AGAIN and _MOST_SHARE * len(listed.keys() & old.keys()) < len(old):
        return [], 0
    pairs: list[tuple[_Old, dict[str, Any]]] = []
    n_absent = sum(len(lines) for who, lines in old.items() if who not in listed)
    for who in listed.keys() & old.keys():
        held, given = {one.line_hash for one in old[who]}, {row["line_hash"] for row in listed[who]}
        gone = [one for one in old[who] if one.line_hash not in given]
        new = [row for row in listed[who] if row["line_hash"] not in held]
        pairs += zip(gone, new, strict=False)
        n_absent += max(0, len(gone) - len(new))
    return sorted(pairs, key=lambda pair: pair[0].payment_id), n_absent


def _rows(vault: Vault, benefit_id: int, lines: Sequence[PaymentLine]) -> Iterator[dict[str, Any]]:
    wanted = ("line_hash", "id_hash", "account_hash", "name_hash", "village", "group_name", "state", "goods")
    for line in lines:
        row = line_row(vault, benefit_id, line)
        yield {name: row[name] for name in (*wanted, *_FIGURES, "sheet", "row", "unit", "pick_up")}


async def _next_version(c: AsyncConnection, benefit_id: int) -> int:
    raised = await c.execute(
        text("UPDATE benefit SET version = version + 1 WHERE id = :id RETURNING version"), {"id": benefit_id}
    )
    return int(raised.scalar_one())


_UNTOLD = (
    "x.benefit_id = :benefit AND x.was_told = 1 AND x.tell_version > 0 AND NOT EXISTS (SELECT 1 FROM campaign k "
    "WHERE k.benefit_id = x.benefit_id AND k.purpose = 'correction' AND k.benefit_version = x.tell_version "
    "AND k.launched_at IS NOT NULL)"
)


async def _take_over_untold(
    ledger: Ledger, c: AsyncConnection, benefit_id: int, version: int, payment_ids: Sequence[int]
) -> Mapping[int, tuple[int | None, str | None]]:
    """Earlier corrections that nobody was told yet go out with this one; what those of the lines were told before.

    Their campaigns, which only this correction makes wrong, are cancelled.
    """
    rows = await c.execute(
        text(f"SELECT x.payment_id, x.said_amount_fen, x.said_quantity_text FROM payment_change x WHERE {_UNTOLD}"),
        {"benefit": benefit_id},
    )
    said = {int(row.payment_id): (row.said_amount_fen, row.said_quantity_text) for row in rows}
    if not said:
        return said
    changed = "CASE WHEN " + ledger.among("payment_id", "ids") + " THEN 0 ELSE :version END"
    await c.execute(
        text(
            f"UPDATE payment_change SET tell_version = {changed} WHERE id IN "
            f"(SELECT x.id FROM payment_change x WHERE {_UNTOLD})"
        ),
        {"benefit": benefit_id, "version": version, "ids": ledger.listed(payment_ids)},
    )
    await c.execute(
        text(
            "UPDATE campaign SET state = 'cancelled' WHERE benefit_id = :benefit AND purpose = 'correction' "
            "AND launched_at IS NULL"
        ),
        {"benefit": benefit_id},
    )
    return said


async def _replace(c: AsyncConnection, pairs: Sequence[tuple[_Old, Mapping[str, Any]]]) -> None:
    await c.execute(
        text(
            "UPDATE payment SET line_hash = :line_hash, sheet = :sheet, row = :row, area_mu = :area_mu, "
            "standard_fen = :standard_fen, amount_fen = :amount_fen, quantity_text = :quantity_text, unit = :unit, "
            "pick_up = :pick_up WHERE id = :id"
        ),
        [
            {name: new[name] for name in ("line_hash", "sheet", "row", *_FIGURES, "unit", "pick_up")}
            | {"id": old.payment_id}
            for old, new in pairs
        ],
    )


_CHANGE = (
    *("id", "benefit_id", "version", "payment_id", "old_hash", "was_told", "said_amount_fen", "said_quantity_text"),
    *("tell_version", "at"),
    *(f"{when}_{name}" for name in _FIGURES for when in ("old", "new")),
)
_INSERT_CHANGE = text(
    f"INSERT INTO payment_change ({', '.join(_CHANGE)}) VALUES (:id, :benefit, :version, :payment, :old_hash, "
    f":was_told, :said_amount, :said_quantity, :version, :at, {', '.join(f':{name}' for name in _CHANGE[10:])})"
)


def _change(old: _Old, new: Mapping[str, Any], said: Mapping[int, tuple[int | None, str | None]]) -> dict[str, Any]:
    amount, quantity = said.get(old.payment_id, (old.figures["amount_fen"], old.figures["quantity_text"]))
    figures = {f"old_{name}": old.figures[name] for name in _FIGURES} | {f"new_{name}": new[name] for name in _FIGURES}
    return {
        **figures,
        "payment": old.payment_id,
        "old_hash": old.line_hash,
        "was_told": int(old.was_told),
        "said_amount": amount,
        "said_quantity": quantity,
    }
