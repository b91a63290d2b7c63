"""Everybody in the synthetic county, as what must not be found; and the search for it in text and in bytes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from notifier.domain.identity import normal_name
from notifier.sandbox.county import County
from notifier.sandbox.county.numbers import short_id

_LEAST_NAME = 3
_HEX = re.compile(rb"\\\\?x((?:[0-9a-f]{2})+)")


@dataclass(frozen=True)
class Needles:
    """Planted values by kind, each with the byte strings it could lie in a file as."""

    values: Mapping[str, str] = field(repr=False)
    """value -> kind"""

    def found_in(self, content: bytes | str) -> list[str]:
        """Which planted values are in the content, as kind and masked place; empty when it is clean."""
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        found = []
        for value, kind in self.values.items():
            for form in _forms(value, kind):
                at = raw.find(form)
                if at >= 0:
                    found.append(f"{kind} {value!r} at byte {at}: {raw[max(0, at - 60) : at + 60]!r}")
                    break
        return found


def _forms(value: str, kind: str) -> Iterator[bytes]:
    yield value.encode()
    yield value.encode("utf-16-le")
    if kind == "name":
        yield value.encode("gb18030")
        yield value.encode("unicode_escape")
        yield quote(value).encode()


def needles_of(county: County, *more: tuple[str, str]) -> Needles:
    """Every name of three characters and more, id (18 and 15), phone, landline, card and openid; and `more`."""
    values: dict[str, str] = {}
    for home in county.households():
        for kind, value in (("phone", home.phone), ("openid", home.openid)):
            values |= dict.fromkeys(_spellings(value), kind)
        for person in home.people:
            values |= dict.fromkeys(_spellings(person.phone), "phone")
            values |= {one: "name" for one in (person.name, normal_name(person.name)) if len(one) >= _LEAST_NAME}
            values |= {person.id_number: "id", short_id(person.id_number): "15-digit id"}
            values |= {person.card: "card"} if person.card else {}
    values |= {value: kind for kind, value in more}
    return Needles({value: kind for value, kind in values.items() if value})


def _spellings(phone: str) -> Iterator[str]:
    yield phone
    digits = phone.replace("-", "")
    if digits.isdigit() and len(digits) == 11:
        yield digits
        yield f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
        yield f"{digits[:3]} {digits[3:7]} {digits[7:]}"


def unhexed(dump: bytes) -> bytes:
    """A table as PostgreSQL copies it out, with what its byte columns really hold behind it."""
    return dump + b"\n" + b"\n".join(bytes.fromhex(found[1].decode()) for found in _HEX.finditer(dump))
