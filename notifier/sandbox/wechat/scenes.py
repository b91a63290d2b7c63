"""qrcode/create and showqrcode: a ticket says by itself which scene it is of and until when."""

import base64
import binascii
import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from notifier.sandbox.wechat.refusals import refusal

_LONGEST_S = 2_592_000
_SHORTEST_S = 60
_LAST_LIMIT_ID = 100_000
_MODULES, _SCALE = 25, 8


class Scenes:
    """Makes codes and their pictures."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def create(self, given: Any) -> dict[str, Any]:
        """ticket, url and, for a temporary code, expire_seconds. Raises WeChatRefusal 40052 or 40053."""
        action = given.get("action_name") if isinstance(given, Mapping) else None
        if action not in ("QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"):
            raise refusal(40052)
        scene = _scene(action, given.get("action_info"))
        lasts: int | None = None
        if "LIMIT" not in action:
            lasts = given.get("expire_seconds", _SHORTEST_S)
            if not isinstance(lasts, int) or not 0 < lasts <= _LONGEST_S:
                raise refusal(40053)
        until = None if lasts is None else int(self._clock()) + lasts
        ticket = "g" + base64.urlsafe_b64encode(orjson.dumps([scene, until])).decode().rstrip("=")
        answer = {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[-22:]}"}
        return answer if lasts is None else {**answer, "expire_seconds": lasts}

    def scene_of(self, ticket: str) -> str | None:
        """The scene of a ticket that works now."""
        try:
            scene, until = orjson.loads(base64.urlsafe_b64decode(ticket[1:] + "=" * (-len(ticket[1:]) % 4)))
        except (ValueError, TypeError, binascii.Error):
            return None
        return None if until is not None and until <= self._clock() else str(scene)


def _scene(action: str, info: Any) -> str:
    given = info.get("scene") if isinstance(info, Mapping) else None
    scene = given.get("scene_str" if "STR" in action else "scene_id") if isinstance(given, Mapping) else None
    if "STR" in action:
        if not isinstance(scene, str) or not 1 <= len(scene) <= 64:
            raise refusal(40053)
        return scene
    most = _LAST_LIMIT_ID if "LIMIT" in action else 2**32 - 1
    if not isinstance(scene, int) or isinstance(scene, bool) or not 1 <= scene <= most:
        raise refusal(40053)
    return str(scene)


def picture(ticket: str) -> bytes:
    """A PNG that looks like a code and differs with the ticket; no camera is meant to read it."""
    bits = b"".join(hashlib.sha256(f"{ticket}{n}".encode()).digest() for n in range(_MODULES))
    rows = []
    for y in range(_MODULES):
        row = b"".join(
            (b"\x00" if bits[(y * _MODULES + x) // 8] >> (x % 8) & 1 else b"\xff") * _SCALE for x in range(_MODULES)
        )
        rows += [b"\x00" + row] * _SCALE
    side = _MODULES * _SCALE
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
