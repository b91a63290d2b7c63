"""Passwords: what is good enough, and argon2 in a thread, since one hash takes the loop tens of milliseconds."""

import asyncio
import secrets
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from notifier.domain.errors import InputError

SHORTEST = 10
LONGEST = 128
_FEWEST_KINDS = 5
_FEWEST_ADDED = 5
_HASHER = PasswordHasher()
_WORN_OUT = Path(__file__).parent / "worn_out.txt"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUPS, _GROUP = 4, 4


def check_password(name: str, password: str) -> None:
    """Nothing, or InputError saying in Chinese what is wrong with the password; the password is not in it.

    Length counts, and that nobody guesses it: no kinds of characters are asked for.
    """
    if len(password) < SHORTEST:
        raise InputError(f"密码太短：至少 {SHORTEST} 个字符，建议用几个不相干的词连起来")
    if len(password) > LONGEST:
        raise InputError(f"密码太长：最多 {LONGEST} 个字符")
    bare = _bare(password)
    if len(set(bare)) < _FEWEST_KINDS or _is_a_row(bare):
        raise InputError(f"密码太简单：至少要有 {_FEWEST_KINDS} 个不同的字符，也不能只是连续的数字或字母")
    if (of_user := _bare(name)) and of_user in bare:
        raise InputError("密码里不能含有用户名，请换一个")
    if _without_worn_out(bare) < _FEWEST_ADDED:
        raise InputError("密码太常见，容易被猜到，请换一个")


def one_time_password() -> str:
    """A password for somebody's first login: 78 bits, easy to read out."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


@cache
def worn_out() -> frozenset[str]:
    """Words and passwords that guessers try first, as `_bare` gives them."""
    lines = _WORN_OUT.read_text(encoding="utf-8").splitlines()
    return frozenset(_bare(line) for line in lines if line and not line.startswith("#"))


def _bare(text: str) -> str:
    """As a guesser sees it: one width, one case, no blanks or separators, digits that stand for letters as letters."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_AS_LETTERS)
    return "".join(one for one in folded if one.isalnum())


def _without_worn_out(bare: str) -> int:
    """How many characters are left beside what guessers try first."""
    for worn in sorted(worn_out(), key=len, reverse=True):
        bare = bare.replace(worn, "")
    return len(bare)


def _is_a_row(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(steps) == 1


_AS_LETTERS = str.maketrans({"@": "a", "$": "s", "!": "i"})


async def hash_password(password: str) -> str:
    """An argon2id hash with its own salt and parameters; never the same twice."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def is_password(password_hash: str, password: str) -> bool:
    """True when the hash is of this password; False also for a hash that is damaged."""
    return await asyncio.to_thread(_verify, password_hash, password)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def nobody_hash() -> str:
    """Checked when a name is unknown, so that the answer takes as long as for a known one. Made once, when needed."""
    return _HASHER.hash("nobody has this password")
