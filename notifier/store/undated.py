"""Published items without a date: kept and shown, and told to nobody until a person dates or refuses them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import Finding, Policy
from notifier.domain.errors import InputError
from notifier.domain.regions import span
from notifier.store.benefits import Origin, add_policy
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp
from notifier.store.watching import Seen, identity_digest, remember


@dataclass(frozen=True, slots=True)
class UndatedItem:
    """An item that waits for its date."""

    item_id: int
    source: str
    title: str
    issuer: str | None
    document_number: str | None
    url: str
    body: str
    found_at: datetime


_COLUMNS = "id, source, title, issuer, document_number, url, body, found_at, region_code, snapshot_id, identities"


async def keep_undated(c: AsyncConnection, finding: Finding, origin: Origin) -> int:
    """The item waits for a person; gives its id, also when it waits already."""
    policy = finding.benefit
    assert isinstance(policy, Policy)
    digest = identity_digest(finding.identities[0])
    found = (await c.execute(text("SELECT id FROM undated_item WHERE digest = :digest"), {"digest": digest})).scalar()
    if found is not None:
        return int(found)
    (item_id,) = await take_ids(c, "undated_item", 1)
    await c.execute(
        text(
            "INSERT INTO undated_item (id, digest, identities, source, region_code, title, issuer, document_number, "
            "url, body, snapshot_id, found_at) VALUES (:id, :digest, :identities, :source, :region, :title, :issuer, "
            ":number, :url, :body, :snapshot, :at)"
        ),
        {
            "id": item_id,
            "digest": digest,
            "identities": json.dumps(list(finding.identities), ensure_ascii=False),
            "source": finding.source,
            "region": origin.region_code,
            "title": policy.title,
            "issuer": policy.issuer,
            "number": policy.document_number,
            "url": policy.url,
            "body": policy.body,
            "snapshot": origin.snapshot_id,
            "at": stamp(origin.found_at),
        },
    )
    return item_id


async def waiting_item(c: AsyncConnection, identities: Sequence[str]) -> int | None:
    """The id of the item that waits for its date under any of these identities, or None."""
    for identity in identities:
        found = await c.execute(
            text("SELECT id FROM undated_item WHERE digest = :digest AND decision IS NULL"),
            {"digest": identity_digest(identity)},
        )
        if (item_id := found.scalar()) is not None:
            return int(item_id)
    return None


async def undated_items(ledger: Ledger, region_code: str) -> list[UndatedItem]:
    """The region's items that wait for a date, the oldest first."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                f"SELECT {_COLUMNS} FROM undated_item WHERE decision IS NULL "
                "AND COALESCE(region_code, :first) BETWEEN :first AND :last ORDER BY id"
            ),
            {"first": first, "last": last},
        )
        return [_item(row) for row in rows]


def _item(row: Any) -> UndatedItem:
    found_at = instant(row.found_at)
    return UndatedItem(row.id, row.source, row.title, row.issuer, row.document_number, row.url, row.body, found_at)


async def region_of_undated(ledger: Ledger, item_id: int) -> str | None:
    """The region of an item's source; None for none. Raises InputError when there is no such item."""
    async with ledger.reading() as c:
        return (await _waiting(c, item_id)).region_code  # type: ignore[no-any-return]


async def date_item(ledger: Ledger, c: AsyncConnection, item_id: int, on: date, who: tuple[str, datetime]) -> int:
    """The item is a benefit published on that day, as if its page had said so; gives the benefit's id.

    Raises InputError (Chinese) when it does not wait.
    """
    row = await _waiting(c, item_id)
    policy = Policy(row.title, row.issuer, row.document_number, on, row.url, row.body)
    origin = Origin(row.source, row.region_code, row.snapshot_id, instant(row.found_at))
    benefit_id = await add_policy(ledger, c, policy, origin)
    await remember(c, Seen(row.source, json.loads(row.identities), instant(row.found_at)), benefit_id)
    await close_item(c, item_id, "dated", who, benefit_id)
    return benefit_id


async def close_item(
    c: AsyncConnection, item_id: int, decision: str, who: tuple[str, datetime], benefit_id: int | None = None
) -> None:
    """The item waits no longer, and its attachments are the benefit's. Raises InputError when it does not wait."""
    await _waiting(c, item_id)
    bound = {"id": item_id, "decision": decision, "by": who[0], "at": stamp(who[1]), "benefit": benefit_id}
    await c.execute(
        text(
            "UPDATE undated_item SET decision = :decision, decided_by = :by, decided_at = :at, "
            "benefit_id = CAST(:benefit AS BIGINT) WHERE id = :id"
        ),
        bound,
    )
    if benefit_id is not None:
        await c.execute(text("UPDATE attachment SET benefit_id = :benefit WHERE undated_id = :id"), bound)


async def _waiting(c: AsyncConnection, item_id: int) -> Any:
    found = await c.execute(
        text(f"SELECT {_COLUMNS} FROM undated_item WHERE id = :id AND decision IS NULL"), {"id": item_id}
    )
    row = found.one_or_none()
    if row is None:
        raise InputError(f"没有等待补日期的条目 {item_id};用 notifier source undated 查看")
    return row
