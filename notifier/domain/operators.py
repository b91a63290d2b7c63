"""The operator of a mobile number: a hint by its prefix, since a number that was ported keeps it."""

from enum import StrEnum

from phonenumbers.carrierdata import CARRIER_DATA, CARRIER_LONGEST_PREFIX


class Operator(StrEnum):
    """Who carries a number. A signature must be filed with each of them before its texts arrive (domain.md D.2)."""

    MOBILE = "mobile"
    """中国移动."""
    UNICOM = "unicom"
    """中国联通."""
    TELECOM = "telecom"
    """中国电信."""
    BROADNET = "broadnet"
    """中国广电."""


EVERY = tuple(Operator)
OPERATOR_TEXT = {
    Operator.MOBILE: "中国移动",
    Operator.UNICOM: "中国联通",
    Operator.TELECOM: "中国电信",
    Operator.BROADNET: "中国广电",
}
_BY_NAME = {
    "China Mobile": Operator.MOBILE,
    "China Unicom": Operator.UNICOM,
    "China Telecom": Operator.TELECOM,
    "China Broadnet": Operator.BROADNET,
}
_PORTED = "NP:"
_COUNTRY = "86"
_PREFIX = 7


def operator_of(phone: str) -> Operator | None:
    """Whose number an eleven-digit one was at first; None for a prefix that nobody is known to have."""
    prefix = phone[:_PREFIX]
    if prefix not in _KNOWN:
        _KNOWN[prefix] = _looked_up(phone)
    return _KNOWN[prefix]


_KNOWN: dict[str, Operator | None] = {}
"""By the seven digits that numbers are given out by: a county has a few hundred."""


def _looked_up(phone: str) -> Operator | None:
    # The library first asks what kind of number it is, which takes far longer; a county can have 10,000 prefixes.
    number = _COUNTRY + phone
    for length in range(CARRIER_LONGEST_PREFIX, len(_COUNTRY), -1):
        names = CARRIER_DATA.get(number[:length])
        if names is not None:
            return _BY_NAME.get(names.get("en", ""))
    return None


def says_ported(code: str | None) -> bool:
    """Whether a receipt's code says that the number is not with its prefix's operator any more (NP:1243 …)."""
    return code is not None and code.startswith(_PORTED)
