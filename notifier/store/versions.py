"""Versions of a policy's text: what a site changed after it was known (更正) waits until a person tells it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.benefits import Finding, Policy
from notifier.domain.errors import InputError
from notifier.domain.regions import span
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import instant, stamp
from notifier.store.watching import keep_snapshot

_DIGEST_BYTES = 16
_COUNTED = re.compile(
    r"^.{0,8}(?:浏览|点击|阅读|访问)(?:次数|量|数)?.{0,4}\d*.{0,4}$|^(?:打印|关闭|分享|字号).{0,20}$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class WaitingVersion:
    """A changed text that nobody has decided about. `told_body` is what the benefit says now."""

    benefit_id: int
    version: int
    source: str
    title: str
    url: str | None
    found_at: datetime
    told_title: str
    told_body: str
    body: str


def text_digest(policy: Policy) -> bytes:
    """What makes two texts of a policy the same: counters, buttons and blanks make no difference."""
    words = "".join(_COUNTED.sub("", policy.body).split())
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).digest()


async def note_shown(c: AsyncConnection, finding: Finding, benefit_id: int) -> bool | None:
    """The text that the source showed at this address is noted; whether it differs from what it had shown there, None
    when it had shown nothing there."""
    policy = finding.benefit
    assert isinstance(policy, Policy)
    place = f"{finding.source}\x1f{policy.url}".encode()
    bound = {
        "digest": hashlib.blake2b(place, digest_size=_DIGEST_BYTES).digest(),
        "benefit": benefit_id,
        "shown": text_digest(policy),
    }
    before = (await c.execute(text("SELECT text_digest FROM shown_text WHERE digest = :digest"), bound)).scalar()
    await c.execute(
        text(
            "INSERT INTO shown_text (digest, benefit_id, text_digest) VALUES (:digest, :benefit, :shown) "
            "ON CONFLICT (digest) DO UPDATE SET text_digest = excluded.text_digest, benefit_id = excluded.benefit_id"
        ),
        bound,
    )
    return None if before is None else bytes(before) != bound["shown"]


async def is_of_source(c: AsyncConnection, benefit_id: int, source: str) -> bool:
    """True when that source brought the benefit."""
    found = await c.execute(text("SELECT source FROM benefit WHERE id = :id"), {"id": benefit_id})
    return bool(found.scalar() == source)


async def version_of(c: AsyncConnection, benefit_id: int) -> int:
    """The version that the benefit says now."""
    found = await c.execute(text("SELECT version FROM benefit WHERE id = :id"), {"id": benefit_id})
    return int(found.scalar_one())


async def add_version(ledger: Ledger, c: AsyncConnection, finding: Finding, benefit_id: int) -> int | None:
    """The text, with its snapshot, waits as a new version of the benefit.

    Gives its number; None when it is one of the known texts.
    """
    policy = finding.benefit
    assert isinstance(policy, Policy)
    told = await _benefit(c, benefit_id)
    told_digest = text_digest(_policy(told))
    rows = await c.execute(
        text("SELECT version, text_digest FROM benefit_version WHERE benefit_id = :id"), {"id": benefit_id}
    )
    known = {int(version): bytes(digest) for version, digest in rows}
    digest = text_digest(policy)
    if digest == told_digest or digest in known.values():
        return None
    if int(told.version) not in known:
        await _insert(c, _row(benefit_id, int(told.version), _policy(told), told_digest) | {
            "source": told.source, "snapshot": told.snapshot_id, "found_at": told.found_at, "state": "told",
        })  # fmt: skip
    version = max([int(told.version), *known]) + 1
    snapshot_id = await keep_snapshot(ledger, c, finding.source, finding.raw, finding.found_at)
    await _insert(c, _row(benefit_id, version, policy, digest) | {
        "source": finding.source, "snapshot": snapshot_id, "found_at": stamp(finding.found_at), "state": "waiting",
    })  # fmt: skip
    return version


async def waiting_versions(ledger: Ledger, region_code: str) -> list[WaitingVersion]:
    """Changed texts of the region's policies that wait for a decision, the oldest first."""
    first, last = span(region_code)
    async with ledger.reading() as c:
        rows = await c.execute(
            text(
                "SELECT v.benefit_id, v.version, v.source, v.title, v.url, v.found_at, b.title AS told_title, "
                "b.body AS told_body, v.body FROM benefit_version v JOIN benefit b ON b.id = v.benefit_id "
                "WHERE v.state = 'waiting' AND COALESCE(b.region_code, :first) BETWEEN :first AND :last "
                "ORDER BY v.found_at, v.benefit_id, v.version"
            ),
            {"first": first, "last": last},
        )
        return [WaitingVersion(**{**row._mapping, "found_at": instant(row.found_at)}) for row in rows]


async def tell_version(c: AsyncConnection, benefit_id: int, version: int, by: str, now: datetime) -> None:
    """The benefit says what the version says, so that a campaign of its own is proposed for it (P2: one a version).

    Raises InputError (Chinese) when it does not wait.
    """
    await _decide(c, benefit_id, version, "told", (by, now))
    await c.execute(
        text(
            "UPDATE benefit SET version = v.version, title = v.title, body = v.body, url = v.url, "
            "document_number = v.document_number, published_on = v.published_on, snapshot_id = v.snapshot_id "
            "FROM benefit_version v WHERE v.benefit_id = benefit.id AND v.version = :version AND benefit.id = :id"
        ),
        {"id": benefit_id, "version": version},
    )


async def dismiss_version(c: AsyncConnection, benefit_id: int, version: int, by: str, now: datetime) -> None:
    """The version tells nobody and does not come up again. Raises InputError (Chinese) when it does not wait."""
    await _decide(c, benefit_id, version, "dismissed", (by, now))


async def region_of_benefit(ledger: Ledger, benefit_id: int) -> str | None:
    """The region of a benefit's source; None for none. Raises InputError when there is no such benefit."""
    async with ledger.reading() as c:
        row = (
            await c.execute(text("SELECT region_code FROM benefit WHERE id = :id"), {"id": benefit_id})
        ).one_or_none()
    if row is None:
        raise InputError(f"没有惠农事项 {benefit_id}")
    return None if row.region_code is None else str(row.region_code)


async def _decide(c: AsyncConnection, benefit_id: int, version: int, state: str, who: tuple[str, datetime]) -> None:
    done = await c.execute(
        text(
            "UPDATE benefit_version SET state = :state, decided_by = :by, decided_at = :at "
            "WHERE benefit_id = :id AND version = :version AND state = 'waiting'"
        ),
        {"state": state, "by": who[0], "at": stamp(who[1]), "id": benefit_id, "version": version},
    )
    if not done.rowcount:
        raise InputError(f"惠农事项 {benefit_id} 没有等待处理的第 {version} 版;用 notifier source versions 查看")


async def _benefit(c: AsyncConnection, benefit_id: int) -> Any:
    found = await c.execute(
        text(
            "SELECT version, source, title, issuer, document_number, published_on, url, body, snapshot_id, found_at "
            "FROM benefit WHERE id = :id"
        ),
        {"id": benefit_id},
    )
    return found.one()


def _policy(row: Any) -> Policy:
    on = date.fromisoformat(row.published_on) if isinstance(row.published_on, str) else row.published_on
    return Policy(row.title, row.issuer, row.document_number, on, row.url or "", row.body)


def _row(benefit_id: int, version: int, policy: Policy, digest: bytes) -> dict[str, Any]:
    return {
        "id": benefit_id,
        "version": version,
        "title": policy.title,
        "number": policy.document_number,
        "on": policy.published_on,
        "url": policy.url,
        "body": policy.body,
        "digest": digest,
    }


async def _insert(c: AsyncConnection, row: dict[str, Any]) -> None:
    if c.dialect.name == "sqlite" and row["on"] is not None:
        row["on"] = row["on"].isoformat()
    await c.execute(
        text(
            "INSERT INTO benefit_version (benefit_id, version, source, title, document_number, published_on, url, "
            "body, text_digest, snapshot_id, found_at, state) VALUES (:id, :version, :source, :title, :number, :on, "
            ":url, :body, :digest, :snapshot, :found_at, :state)"
        ),
        row,
    )
