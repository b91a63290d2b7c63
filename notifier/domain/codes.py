"""Codes that prove a phone: six digits by SMS, typed back by whoever holds the phone."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class CodePurpose(StrEnum):
    """What a code proves the phone for; a code of one purpose is worth nothing for another."""

    ALERTS = "alerts"
    """A user's own phone, for alerts and test sends."""
    BINDING = "binding"
    """A farmer's phone, before an openid is bound."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a code: a user's name or an openid, and the address they come from ("" when there is none).

    Only the same asker can use the code.
    """

    who: str = field(repr=False)
    address: str = field(default="", repr=False)


class Codes(Protocol):
    """Sends codes and checks what is typed back."""

    async def send_code(self, phone: str, purpose: CodePurpose, asker: Asker) -> datetime:
        """A text with a new code is on its way (or may be: unsure); earlier ones of the asker are void. Until when.

        `phone` as a person typed it. Raises InputError (Chinese): no mobile number, asked too often from this phone,
        address or asker, or the gateway does not take it.
        """
        ...

    async def check_code(self, phone: str, purpose: CodePurpose, asker: Asker, typed: str) -> str:
        """The asker holds the phone: its 11 digits; it is used up. Raises InputError: wrong, expired, worn out."""
        ...
