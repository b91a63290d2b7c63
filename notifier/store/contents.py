"""What a campaign says, to whom and how, as one hash: the seal of its approval."""

import hashlib
import hmac
import json

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.rule_forms import from_json
from notifier.domain.rules import AllOf, AnyOf, Listed, Not, Rule
from notifier.store.ledger import Ledger

_CONTENT = (
    *("benefit_id", "benefit_version", "purpose", "kind", "title", "summary", "notice_kind", "free_text", "rule"),
    *("rule_text", "ladder", "gateways", "region_code", "scheduled_at"),
)
_READ = text(f"SELECT {', '.join(_CONTENT)}, content_hash, reviews_needed FROM campaign WHERE id = :id")


async def seal(c: AsyncConnection, campaign_id: int) -> bytes:
    """The campaign's content as it stands is what was approved; its hash."""
    found = _hash(await _content(c, await _read(c, campaign_id)))
    await c.execute(text("UPDATE campaign SET content_hash = :hash WHERE id = :id"), {"hash": found, "id": campaign_id})
    return found


async def is_as_approved(c: AsyncConnection, campaign_id: int) -> bool:
    """Whether the content is what was approved; one that needed no review may have no seal."""
    row = await _read(c, campaign_id)
    if row["content_hash"] is None:
        return not row["reviews_needed"]
    return hmac.compare_digest(bytes(row["content_hash"]), _hash(await _content(c, row)))


async def has_changed(c: AsyncConnection, campaign_id: int) -> bool:
    """Whether it says something else than when it was sealed last; False before it ever was."""
    row = await _read(c, campaign_id)
    kept = row["content_hash"]
    return kept is not None and not hmac.compare_digest(bytes(kept), _hash(await _content(c, row)))


async def mark(ledger: Ledger, campaign_id: int) -> str:
    """What stands for the content as it is now: a page that shows it learns from another mark that it was changed."""
    async with ledger.reading() as c:
        return _hash(await _content(c, await _read(c, campaign_id))).hex()


async def _read(c: AsyncConnection, campaign_id: int) -> RowMapping:
    return (await c.execute(_READ, {"id": campaign_id})).mappings().one()


async def _content(c: AsyncConnection, row: RowMapping) -> list[object]:
    """What the campaign says, and which upload of each list its rule names: one uploaded anew is another list."""
    values = [row[column] for column in _CONTENT]
    named = sorted(_lists(from_json(row["rule"]))) if row["rule"] else []
    for name in named:
        found = await c.execute(text("SELECT id FROM name_list WHERE name = :name"), {"name": name})
        values.append([name, found.scalar()])
    return values


def _lists(rule: Rule) -> set[str]:
    match rule:
        case Listed(name):
            return {name}
        case AllOf(parts) | AnyOf(parts):
            return {name for part in parts for name in _lists(part)}
        case Not(part):
            return _lists(part)
        case _:
            return set()


def _hash(values: list[object]) -> bytes:
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, default=str).encode()).digest()
