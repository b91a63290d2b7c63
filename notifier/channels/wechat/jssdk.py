"""What a page shows WeChat so that its buttons work inside WeChat: a ticket of the account, signed with the address."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.channels.wechat.protocol import Unreadable

TICKET = "ticket/getticket"
"""Where the ticket is, below cgi-bin/; with type=jsapi."""
_EARLY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The account's jsapi ticket and until when it is used."""

    value: str
    until: datetime


@dataclass(frozen=True, slots=True)
class PageRights:
    """What `wx.config` of one page is given."""

    appid: str
    timestamp: int
    nonce: str
    signature: str


def read_ticket(fields: Mapping[str, Any], now: datetime) -> Ticket:
    """The ticket, used until five minutes before it ends. Raises Unreadable."""
    value, life_s = fields.get("ticket"), fields.get("expires_in")
    if not isinstance(value, str) or not value or not isinstance(life_s, int):
        raise Unreadable("garbage")
    return Ticket(value, now + timedelta(seconds=life_s) - _EARLY)


def signed(ticket: Ticket, appid: str, url: str, now: datetime) -> PageRights:
    """The rights of the page at `url`, without its fragment."""
    nonce, at = secrets.token_hex(8), int(now.timestamp())
    address = url.partition("#")[0]
    told = f"jsapi_ticket={ticket.value}&noncestr={nonce}&timestamp={at}&url={address}"
    # sha1 is what the platform asks for; it signs nothing of ours.
    return PageRights(appid, at, nonce, hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest())
