"""One-time passwords (TOTP, RFC 6238) from an authenticator app, and recovery codes for when the phone is lost."""

import hmac
import re
import secrets
from datetime import datetime

import pyotp

from notifier.domain.errors import InputError
from notifier.store.audit import append
from notifier.store.factors import (
    Factor,
    FactorKind,
    drop_factor,
    factors_of,
    put_factor,
    put_recovery_codes,
    use_step,
    verify_factor,
)
from notifier.store.ledger import Ledger

ISSUER = "惠农通知"
N_RECOVERY_CODES = 8
_STEP_S = 30
_DRIFT = (0, -1, 1)
"""Steps by which a phone's clock may be off."""
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_RECOVERY = re.compile(f"[{_LETTERS}]{{5}}-[{_LETTERS}]{{5}}", re.IGNORECASE)


async def begin_totp(ledger: Ledger, name: str, now: datetime) -> str:
    """The account has a new secret that counts once `confirm_totp` has seen a password made from it; the otpauth
    address for the app. Raises InputError when a confirmed one is in use."""
    found = (await factors_of(ledger, name)).get(FactorKind.TOTP)
    if found is not None and found.verified_at is not None:
        raise InputError("已经启用动态密码；更换手机请先停用，再重新启用")
    secret = pyotp.random_base32()
    await put_factor(ledger, name, Factor(FactorKind.TOTP, secret, None))
    async with ledger.writing() as c:
        await append(c, name, "totp.begun", {}, at=now)
    return _address(name, secret)


async def pending_totp(ledger: Ledger, name: str) -> tuple[str, str] | None:
    """(otpauth address, secret) of a secret that is not confirmed yet; None when there is none."""
    found = (await factors_of(ledger, name)).get(FactorKind.TOTP)
    if found is None or found.verified_at is not None:
        return None
    return _address(name, found.value), found.value


async def confirm_totp(ledger: Ledger, name: str, typed: str, now: datetime) -> list[str]:
    """From now on a login wants a one-time password; the recovery codes, to be shown this once. Raises InputError."""
    found = (await factors_of(ledger, name)).get(FactorKind.TOTP)
    step = None if found is None or found.verified_at is not None else fitting_step(found.value, typed, now)
    if step is None or not await use_step(ledger, name, step):
        raise InputError("动态密码不对；请核对手机时间是否准确，再输入应用里当前的 6 位数字")
    codes = [_recovery_code() for _ in range(N_RECOVERY_CODES)]
    await put_recovery_codes(ledger, name, codes)
    await verify_factor(ledger, name, FactorKind.TOTP, now)
    async with ledger.writing() as c:
        await append(c, name, "totp.enabled", {}, at=now)
    return codes


async def drop_totp(ledger: Ledger, name: str, by: str, now: datetime) -> bool:
    """A login wants no one-time password any more; False when it did not."""
    if not await drop_factor(ledger, name, FactorKind.TOTP):
        return False
    async with ledger.writing() as c:
        await append(c, by, "totp.dropped", {"name": name}, at=now)
    return True


def fitting_step(secret: str, typed: str, now: datetime) -> int | None:
    """The 30-second step whose password was typed, one step early or late allowed; None when it is none of them."""
    digits = "".join(typed.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    made = pyotp.TOTP(secret)
    step = int(now.timestamp()) // _STEP_S
    return next((step + off for off in _DRIFT if hmac.compare_digest(made.generate_otp(step + off), digits)), None)


def is_recovery_code(typed: str) -> bool:
    """True when it has the form of one."""
    return _RECOVERY.fullmatch(typed.strip()) is not None


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _address(name: str, secret: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
