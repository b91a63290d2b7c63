"""Links to a farmer's own page: a capability that is made from the message it stands in, and kept nowhere.

A code is the message's number and 128 bits that only the key file can make, over the number and whom it was sent to. So
the ledger holds nothing from which a link could be made, a repeated call carries the same link, and no bulk of rows is
written for links that nobody opens.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text

from notifier.domain.messages import ContactKind, Medium
from notifier.store.ledger import Ledger
from notifier.store.sealing import Vault
from notifier.store.tables.columns import instant

LENGTH = 34
"""Letters of a code: a to z and 2 to 7, which any template's variable may hold."""
_ID_BYTES = 5
_KINDS = {Medium.SMS: ContactKind.PHONE, Medium.WECHAT: ContactKind.OPENID}


def link_code(vault: Vault, message_id: int, medium: Medium, address: str) -> str:
    """The code of the page of a message to that phone or openid; always the same one. It is personal data."""
    return _code(vault, message_id, vault.blind(_KINDS[medium].value, address))


def _code(vault: Vault, message_id: int, address_hash: bytes) -> str:
    proof = vault.blind("link", f"{message_id}|{address_hash.hex()}")
    return base64.b32encode(message_id.to_bytes(_ID_BYTES, "big") + proof).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class Opened:
    """What a code opens: one message's lines, and whom it was sent to."""

    message_id: int
    owed_id: int
    household_id: int
    person_id: int
    retry: int
    region_code: str
    kind: ContactKind
    contact_id: int
    contact_state: str
    address: str = field(repr=False)
    expires_at: datetime


async def opened_by(ledger: Ledger, code: str, lasts: timedelta) -> Opened | None:
    """What the code opens, also when it has expired since; None for one that was never made."""
    message_id = _number(code)
    async with ledger.reading() as c:
        row = (
            await c.execute(
                text(
                    "SELECT m.id, m.owed_id, m.person_id, m.retry, m.state_at, o.household_id, h.region_code, "
                    "t.id AS contact_id, t.kind, t.state, t.value_hash, t.value_sealed FROM message m "
                    "JOIN owed o ON o.id = m.owed_id JOIN household h ON h.id = o.household_id "
                    "JOIN contact t ON t.id = m.contact_id WHERE m.id = :id"
                ),
                {"id": message_id},
            )
        ).first()
    vault = ledger.vault
    made = _code(vault, message_id, bytes(row.value_hash) if row else b"")
    if not hmac.compare_digest(made.encode(), code.encode()) or row is None:
        return None
    return Opened(
        row.id,
        row.owed_id,
        row.household_id,
        row.person_id,
        row.retry,
        row.region_code,
        ContactKind(row.kind),
        row.contact_id,
        row.state,
        vault.open_text("contact.value_sealed", row.contact_id, bytes(row.value_sealed)),
        instant(int(row.state_at)) + lasts,
    )


def _number(code: str) -> int:
    try:
        raw = base64.b32decode(code.upper() + "=" * (-len(code) % 8))
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(raw[:_ID_BYTES], "big")
