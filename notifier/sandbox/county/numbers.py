"""Numbers that look right and belong to nobody: ids, bank cards, phones, landlines, openids.

Ids carry the county's own prefix and a true GB 11643 check digit; cards pass Luhn under a bank prefix no bank
owns; phones come only from the prefix 199 set aside for the sandbox. Every other number is a pure function of its
index, so nothing has to be remembered to keep a million households apart.
"""

import hashlib
from collections import defaultdict
from datetime import date, timedelta

ID_PREFIX = "640425"
CARD_PREFIX = "6299"
PHONE_PREFIX = "199"

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# odd and not a multiple of 5, so index -> number is one to one over the whole range
_STRIDE = 48_271_003


def id_check_digit(seventeen: str) -> str:
    """The 18th character of an id by GB 11643 (MOD 11-2), `X` in upper case."""
    return _ID_CHECKS[sum(map(_id_term, _ID_WEIGHTS, seventeen)) % 11]


def _id_term(weight: int, digit: str) -> int:
    return weight * int(digit)


def is_valid_id(number: str) -> bool:
    """True for 18 characters with an existing birth date and the right check digit."""
    if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return id_check_digit(number[:17]) == number[17]


def short_id(number: str) -> str:
    """The 15-digit form people born in the 20th century had on paper before 1999."""
    return number[:6] + number[8:17]


def luhn_digit(digits: str) -> str:
    """The digit that makes `digits` + it pass Luhn."""
    total = sum(map(int, digits[-2::-2])) + sum(_LUHN_DOUBLED[int(d)] for d in digits[::-2])
    return str(-total % 10)


def card_number(index: int) -> str:
    """The 19-digit card of the `index`-th account (below 10¹³)."""
    body = f"{CARD_PREFIX}0{index * _STRIDE % 10**13:013d}"
    return body + luhn_digit(body)


def phone_number(index: int) -> str:
    """The 11-digit mobile number of the `index`-th phone (below 10⁸), different for every index."""
    return f"{PHONE_PREFIX}{index * _STRIDE % 10**8:08d}"


def landline(index: int) -> str:
    """A landline under the county's area code, as clerks write it."""
    return f"0954-7{index * _STRIDE % 10**6:06d}"


def openid(index: int) -> str:
    """The 28-character openid of the `index`-th follower."""
    return "oSBX" + hashlib.sha256(b"follower %d" % index).hexdigest()[:24]


def stranger_id(index: int) -> str:
    """A valid id (`index` below 1,000,000) that `IdRegister` gives to nobody in the county."""
    day, turn = index % 20_000, index // 20_000
    seventeen = f"{ID_PREFIX}{date(1946, 1, 1) + timedelta(days=day):%Y%m%d}{999 - turn:03d}"
    return seventeen + id_check_digit(seventeen)


class IdRegister:
    """Gives out ids, none twice. The same births in the same order always give the same ids."""

    def __init__(self) -> None:
        self._n_given: defaultdict[tuple[date, bool], int] = defaultdict(int)

    def issue(self, born_on: date, male: bool) -> str:
        """A new valid id for a person born on `born_on`, or the next day that still has a number free."""
        while self._n_given[born_on, male] >= 470:
            born_on += timedelta(days=1)
        self._n_given[born_on, male] += 1
        sequence = self._n_given[born_on, male] * 2 - (1 if male else 0)
        seventeen = f"{ID_PREFIX}{born_on:%Y%m%d}{sequence:03d}"
        return seventeen + id_check_digit(seventeen)
