"""What providers write into the fields of their replies and pushes, read without trust. Pure."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import orjson

from notifier.channels.codes import BEIJING
from notifier.domain.errors import InputError

_CODE = re.compile(r"[A-Za-z0-9_.:\- ]{1,64}")
_MAINLAND = re.compile(r"(?:\+|00)?86(1\d{10})")
_LONGEST_ID = 256
# a gateway in trouble echoes what it was given, and codes are kept and shown in clear
_PERSONAL = re.compile(r"\d{9,}|(?<![A-Za-z0-9_-])o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])")
_SOMEBODYS = re.compile(
    r"(?:(?:\+|00)?86)?1[3-9]\d{9}|\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"|o[A-Za-z0-9_-]{27}"
)


def elements(body: bytes) -> list[Any]:
    """What a push's JSON array holds; one object alone counts as an array of one. Raises InputError for neither."""
    found = _parsed(body)
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        raise InputError("短信回执推送应为 JSON 数组或对象，收到的不是；请检查回调地址是否填错")
    return found


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:  # a carrier's text may hold bytes that are not UTF-8; its neighbours still count
        return json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        raise InputError("短信回执推送不是 JSON，无法读取；请检查回调地址是否填错") from None


def plain(value: object) -> str:
    """A JSON string, number or truth as text without its margins; empty for anything else."""
    return str(value).strip() if isinstance(value, str | int) else ""


def clean_code(value: object) -> str:
    """A status code fit for the ledger: up to 64 plain characters; empty for none, or one that quotes a person."""
    text = plain(value)
    return text if _CODE.fullmatch(text) and not _PERSONAL.search(text) else ""


def identity(value: object) -> str | None:
    """An id of ours or of theirs, under 256 printable characters; None when the value is none, or a person's number."""
    text = plain(value)
    is_one = text and len(text) < _LONGEST_ID and text.isprintable() and not _SOMEBODYS.fullmatch(text)
    return text if is_one else None


def phone(value: object) -> str:
    """As we sent it: mainland numbers lose the country code that a carrier may have put before them. Empty for none."""
    text = plain(value)
    mainland = _MAINLAND.fullmatch(text)
    bare = mainland[1] if mainland else text
    return bare if bare.lstrip("+").isdigit() and bare.isascii() and len(bare) <= len("+123456789012345") else ""


def beijing_time(value: object) -> datetime | None:
    """`yyyy-MM-dd HH:mm:ss` or `yyyyMMddHHmmss` of Beijing as an aware UTC instant; None when it is no such time."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(_spaced(value.strip()))
        local = read if read.tzinfo is not None else read.replace(tzinfo=BEIJING)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _spaced(text: str) -> str:
    is_dense = len(text) == len("yyyyMMddHHmmss") and text.isascii() and text.isdigit()
    return f"{text[:8]}T{text[8:]}" if is_dense else text


def unix_time(value: object) -> datetime | None:
    """Seconds since 1970 UTC, a number or a text, as an aware instant; None when it is no such time."""
    text = plain(value)
    if not (text.isascii() and text.isdigit() and len(text) <= len("99999999999")):
        return None
    return datetime.fromtimestamp(int(text), UTC)
