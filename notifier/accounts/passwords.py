"""Passwords: what is good enough, and argon2 in a thread, since one hash takes the loop tens of milliseconds."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from notifier.domain.errors import InputError

SHORTEST = 10
LONGEST = 128
_FEWEST_KINDS = 5
_HASHER = PasswordHasher()
_WORN_OUT = ("password", "123456", "qwerty", "admin", "pengyang", "abcdef", "111111")


def check_password(name: str, password: str) -> None:
    """Nothing, or InputError saying in Chinese what is wrong with the password; the password is not in it."""
    if len(password) < SHORTEST:
        raise InputError(f"密码太短：至少 {SHORTEST} 个字符，建议用几个不相干的词连起来")
    if len(password) > LONGEST:
        raise InputError(f"密码太长：最多 {LONGEST} 个字符")
    if len(set(password)) < _FEWEST_KINDS:
        raise InputError(f"密码太简单：至少要有 {_FEWEST_KINDS} 个不同的字符")
    lowered = password.lower()
    if name.lower() in lowered:
        raise InputError("密码里不能含有用户名，请换一个")
    if any(lowered.startswith(worn) and len(lowered) < len(worn) + 5 for worn in _WORN_OUT):
        raise InputError("密码太常见，容易被猜到，请换一个")


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
