"""Benefits and their payment lines as they come in, in bulk and only once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import AuditState, BenefitKind, Disbursement, PaymentLine, Policy
from notifier.domain.identity import normal_name
from notifier.domain.money import plain
from notifier.store.ledger import Ledger, take_ids
from notifier.store.sealing import Vault
from notifier.store.tables.columns import MU_SCALE, stamp

_BULK = 2000
_MANY = 5000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a benefit came from; `region_code` is the source's own region."""

    source: str
    region_code: str | None
    snapshot_id: int
    found_at: datetime


_INSERT_BENEFIT = text(
    "INSERT INTO benefit (id, kind, version, source, snapshot_id, title, region_code, found_at, issuer, "
    "document_number, published_on, url, body, item, period, filing_number, audit, basis, n_lines, n_rejected) "
    "VALUES (:id, :kind, 1, :source, :snapshot, :title, :region, :found_at, :issuer, :document_number, :published_on, "
    ":url, :body, :item, :period, :filing_number, :audit, :basis, 0, :n_rejected)"
)
_NOTHING: dict[str, Any] = dict.fromkeys(
    ("issuer", "document_number", "published_on", "url", "item", "period", "filing_number", "basis")
)


async def add_policy(ledger: Ledger, c: AsyncConnection, policy: Policy, origin: Origin) -> int:
    """The policy is a new benefit; gives its id. The caller made sure that it is not known yet."""
    published_on: Any = policy.published_on
    if ledger.is_sqlite and policy.published_on is not None:
        published_on = policy.published_on.isoformat()
    return await _add(
        c,
        origin,
        {
            "kind": BenefitKind.POLICY.value,
            "title": policy.title,
            "issuer": policy.issuer,
            "document_number": policy.document_number,
            "published_on": published_on,
            "url": policy.url,
            "body": policy.body,
            "audit": AuditState.NONE.value,
        },
    )


async def add_disbursement(c: AsyncConnection, batch: Disbursement, origin: Origin) -> int:
    """The batch is a new benefit without lines yet; gives its id. What it says of audits is `filing.declare`d."""
    return await _add(
        c,
        origin,
        {
            "kind": BenefitKind.DISBURSEMENT.value,
            "title": batch.title,
            "item": batch.item,
            "period": batch.period,
            "filing_number": batch.filing_number,
            "audit": AuditState.NONE.value,
            "basis": batch.basis,
            "n_rejected": len(batch.rejected),
        },
    )


async def _add(c: AsyncConnection, origin: Origin, fields: dict[str, Any]) -> int:
    (benefit_id,) = await take_ids(c, "benefit", 1)
    where = {
        "id": benefit_id,
        "source": origin.source,
        "snapshot": origin.snapshot_id,
        "region": origin.region_code,
        "found_at": stamp(origin.found_at),
    }
    await c.execute(_INSERT_BENEFIT, {**_NOTHING, "body": "", "n_rejected": 0, **where, **fields})
    return benefit_id


async def siblings_without_filing(c: AsyncConnection, batch: Disbursement) -> list[int]:
    """Benefits of the same item and period that, like the batch, carry no 备案号; the oldest first."""
    rows = await c.execute(
        text(
            "SELECT id FROM benefit WHERE kind = 'disbursement' AND filing_number IS NULL AND item = :item "
            "AND COALESCE(period, '') = :period ORDER BY id"
        ),
        {"item": batch.item, "period": batch.period or ""},
    )
    return [int(benefit_id) for (benefit_id,) in rows]


async def hashes_of(ledger: Ledger, c: AsyncConnection, benefit_ids: Sequence[int]) -> dict[bytes, int]:
    """The line hashes that these benefits hold, each with its benefit; empty for no benefit."""
    among = ledger.among("benefit_id", "ids")
    rows = await c.execute(
        text(f"SELECT line_hash, benefit_id FROM payment WHERE {among}"), {"ids": ledger.listed(benefit_ids)}
    )
    return {bytes(line_hash): int(benefit_id) for line_hash, benefit_id in rows}


def line_hash(vault: Vault, line: PaymentLine) -> bytes:
    """What makes a line the same when its list is handed in again, on whatever sheet and row it then stands."""
    parts = (
        normal_name(line.beneficiary),
        line.id_number or "",
        line.account_tail or "",
        line.village or "" if line.id_number is None else "",
        line.group or "" if line.id_number is None else "",
        line.item,
        line.period or "",
        line.state.value,
        _number(line.area_mu),
        _number(line.standard_fen),
        _number(line.amount_fen),
        line.goods or "",
        _number(line.quantity),
    )
    return vault.blind("line", "\x1f".join(parts))


def _number(value: Decimal | int | None) -> str:
    return "" if value is None else plain(Decimal(value))


async def add_lines(ledger: Ledger, c: AsyncConnection, benefit_id: int, lines: Sequence[PaymentLine]) -> int:
    """The lines are the benefit's, new ones waiting to be matched; gives how many are new. Safe to repeat."""
    before = await _n_lines(c, benefit_id)
    for start in range(0, len(lines), _BULK):
        part = lines[start : start + _BULK]
        ids = await take_ids(c, "payment", len(part))
        # Sealing thousands of lines would hold up everybody else on the loop.
        rows = await asyncio.to_thread(_rows, ledger.vault, ids, benefit_id, part)
        await c.execute(_INSERT_LINE, rows)
    after = await _n_lines(c, benefit_id)
    if after - before >= _MANY and not ledger.is_sqlite:
        # Matching comes at once, before the server's own look: it would plan for the empty table it remembers.
        await c.execute(text("ANALYZE payment"))
    await c.execute(
        text("UPDATE benefit SET n_lines = CAST(:n AS INTEGER) WHERE id = :id"), {"n": after, "id": benefit_id}
    )
    return after - before


async def _n_lines(c: AsyncConnection, benefit_id: int) -> int:
    found = await c.execute(text("SELECT COUNT(*) FROM payment WHERE benefit_id = :id"), {"id": benefit_id})
    return int(found.scalar_one())


_COLUMNS = (
    *("id", "benefit_id", "line_hash", "sheet", "row", "beneficiary_sealed", "holder_sealed", "id_sealed"),
    *("name_hash", "id_hash", "account_hash", "village", "group_name", "area_mu", "standard_fen", "amount_fen"),
    *("period", "state", "returned_why", "goods", "quantity_text", "unit", "pick_up", "match_state", "confidence"),
)
_INSERT_LINE = text(
    f"INSERT INTO payment ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)}) "
    "ON CONFLICT (benefit_id, line_hash) DO NOTHING"
)


def _rows(vault: Vault, ids: range, benefit_id: int, lines: Sequence[PaymentLine]) -> list[dict[str, Any]]:
    return [_sealed(vault, payment_id, benefit_id, line) for payment_id, line in zip(ids, lines, strict=True)]


def _sealed(vault: Vault, payment_id: int, benefit_id: int, line: PaymentLine) -> dict[str, Any]:
    own = {"beneficiary": line.beneficiary, "holder": line.holder, "id": line.id_number}
    sealed = {
        f"{name}_sealed": None if value is None else vault.seal_text(f"payment.{name}_sealed", payment_id, value)
        for name, value in own.items()
    }
    waiting = {"id": payment_id, "match_state": "new", "confidence": 0}
    return {**line_row(vault, benefit_id, line), **sealed, **waiting}


def line_row(vault: Vault, benefit_id: int, line: PaymentLine) -> dict[str, Any]:
    """The columns of a line that say what it is: hashes, place and figures; without what is sealed under its id."""
    name = normal_name(line.beneficiary)
    holder = normal_name(line.holder) if line.holder else name
    return {
        "benefit_id": benefit_id,
        "line_hash": line_hash(vault, line),
        "sheet": line.sheet,
        "row": line.row,
        "name_hash": vault.blind("name", name),
        "id_hash": None if line.id_number is None else vault.blind("id", line.id_number),
        "account_hash": None if line.account_tail is None else vault.blind("account", f"{line.account_tail}|{holder}"),
        "village": line.village,
        "group_name": line.group,
        "area_mu": None if line.area_mu is None else int(line.area_mu * MU_SCALE),
        "standard_fen": line.standard_fen,
        "amount_fen": line.amount_fen,
        "period": line.period,
        "state": line.state.value,
        "returned_why": line.returned_why,
        "goods": line.goods,
        "quantity_text": None if line.quantity is None else plain(line.quantity),
        "unit": line.unit,
        "pick_up": line.pick_up,
    }
