"""What a campaign says, to whom and how, as one hash: the seal of its approval."""

import hashlib
import hmac
import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CONTENT = (
    *("benefit_id", "benefit_version", "purpose", "kind", "title", "summary", "notice_kind", "free_text", "rule"),
    *("rule_text", "ladder", "gateways", "region_code", "scheduled_at"),
)
_READ = text(f"SELECT {', '.join(_CONTENT)}, content_hash, reviews_needed FROM campaign WHERE id = :id")


async def seal(c: AsyncConnection, campaign_id: int) -> bytes:
    """The campaign's content as it stands is what was approved; its hash."""
    row = (await c.execute(_READ, {"id": campaign_id})).one()
    found = _hash([row._mapping[column] for column in _CONTENT])
    await c.execute(text("UPDATE campaign SET content_hash = :hash WHERE id = :id"), {"hash": found, "id": campaign_id})
    return found


async def is_as_approved(c: AsyncConnection, campaign_id: int) -> bool:
    """Whether the content is what was approved; one that needed no review may have no seal."""
    row = (await c.execute(_READ, {"id": campaign_id})).one()
    if row.content_hash is None:
        return not row.reviews_needed
    return hmac.compare_digest(bytes(row.content_hash), _hash([row._mapping[column] for column in _CONTENT]))


def _hash(values: list[object]) -> bytes:
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, default=str).encode()).digest()
