"""Files that hung on published pages: bytes sealed as snapshots, text masked, payment lists as drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import Attachment, AttachmentKind
from notifier.domain.errors import InputError
from notifier.domain.regions import span
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp
from notifier.store.watching import keep_snapshot


@dataclass(frozen=True, slots=True)
class Owner:
    """What files hang on: a version of a benefit, or an item that waits for its date."""

    source: str
    at: datetime
    benefit_id: int | None = None
    version: int = 1
    undated_id: int | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A kept file without its bytes. `draft` is waiting, taken or refused for a payment list."""

    attachment_id: int
    benefit_id: int | None
    version: int
    title: str | None
    name: str
    url: str
    kind: AttachmentKind
    n_bytes: int
    n_lines: int
    why: str | None
    draft: str | None


async def keep_attachments(ledger: Ledger, c: AsyncConnection, owner: Owner, files: Sequence[Attachment]) -> None:
    """The files are kept, sealed, once each; a payment list among them waits for a person. Safe to repeat."""
    for file in files:
        snapshot_id = await keep_snapshot(ledger, c, owner.source, file.content, owner.at)
        (attachment_id,) = await take_ids(c, "attachment", 1)
        await c.execute(
            text(
                "INSERT INTO attachment (id, benefit_id, undated_id, version, name, url, kind, n_bytes, n_lines, body, "
                "why, snapshot_id, draft) VALUES (:id, CAST(:benefit AS BIGINT), CAST(:undated AS BIGINT), :version, "
                ":name, :url, :kind, :n_bytes, :n_lines, :body, CAST(:why AS TEXT), :snapshot, CAST(:draft AS TEXT)) "
                "ON CONFLICT (benefit_id, version, url, snapshot_id) DO NOTHING"
            ),
            {
                "id": attachment_id,
                "benefit": owner.benefit_id,
                "undated": owner.undated_id,
                "version": owner.version,
                "name": file.name,
                "url": file.url,
                "kind": file.kind.value,
                "n_bytes": len(file.content),
                "n_lines": file.n_lines,
                "body": file.text,
                "why": file.why,
                "snapshot": snapshot_id,
                "draft": "waiting" if file.kind is AttachmentKind.PAYMENTS else None,
            },
        )


_SELECT = (
    "SELECT a.id AS attachment_id, a.benefit_id, a.version, b.title, a.name, a.url, a.kind, a.n_bytes, a.n_lines, "
    "a.why, a.draft FROM attachment a LEFT JOIN benefit b ON b.id = a.benefit_id "
)


async def attachments_of(ledger: Ledger, benefit_id: int) -> list[Attached]:
    """The files of all versions of a benefit, in the order in which they were kept; empty for none."""
    async with ledger.reading() as c:
        rows = await c.execute(text(_SELECT + "WHERE a.benefit_id = :id ORDER BY a.id"), {"id": benefit_id})
        return [_attached(row) for row in rows]


async def payment_drafts(ledger: Ledger, region_code: str) -> list[Attached]:
    """The region's payment lists that hang on published pages and wait for a person, the oldest first."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                _SELECT + "WHERE a.draft = 'waiting' AND a.benefit_id IS NOT NULL "
                "AND COALESCE(b.region_code, :first) BETWEEN :first AND :last ORDER BY a.id"
            ),
            {"first": first, "last": last},
        )
        return [_attached(row) for row in rows]


async def open_attachment(ledger: Ledger, attachment_id: int) -> tuple[str, bytes, str | None]:
    """(name, bytes, region of its benefit) of a kept file. Raises InputError: there is none, or its days are over."""
    async with ledger.reading() as c:
        found = await c.execute(
            text(
                "SELECT a.name, s.id, s.raw_sealed, b.region_code FROM attachment a JOIN snapshot s "
                "ON s.id = a.snapshot_id LEFT JOIN benefit b ON b.id = a.benefit_id WHERE a.id = :id"
            ),
            {"id": attachment_id},
        )
        row = found.one_or_none()
    if row is None:
        raise InputError(f"没有附件 {attachment_id}")
    if row.raw_sealed is None:
        raise InputError(f"附件 {attachment_id} 的原件已过保存期，不再保存；请到发布网页查看")
    return row.name, ledger.vault.open("snapshot.raw_sealed", int(row.id), bytes(row.raw_sealed)), row.region_code


async def decide_draft(c: AsyncConnection, attachment_id: int, decision: str, who: tuple[str, datetime]) -> None:
    """The payment list is taken or refused. Raises InputError (Chinese) when it does not wait."""
    done = await c.execute(
        text(
            "UPDATE attachment SET draft = :decision, decided_by = :by, decided_at = :at "
            "WHERE id = :id AND draft = 'waiting'"
        ),
        {"id": attachment_id, "decision": decision, "by": who[0], "at": stamp(who[1])},
    )
    if not done.rowcount:
        raise InputError(f"附件 {attachment_id} 不是等待处理的发放清单;用 notifier source drafts 查看")


def _attached(row: Any) -> Attached:
    return Attached(**{**row._mapping, "kind": AttachmentKind(row.kind)})
