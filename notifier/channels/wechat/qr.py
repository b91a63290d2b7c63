"""QR codes that name a scene: permanent ones (at most 100,000, so one a village) and temporary ones. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from notifier.channels.wechat.protocol import Unreadable, below
from notifier.domain.errors import InputError

LONGEST = timedelta(days=30)
"""A temporary code's longest life."""
_SCENE = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Qr:
    """A code: what it holds (`content`), where its picture is (`picture`), until when it works (None: for ever)."""

    ticket: str
    content: str
    picture: str
    ends_at: datetime | None


def village_scene(code: str) -> str:
    """The scene of a village's permanent code."""
    return f"village_{code}"


def qr_fields(scene: str, lasts: timedelta | None) -> dict[str, object]:
    """The body of qrcode/create. Raises InputError for a scene or a life that WeChat would not take."""
    if not _SCENE.fullmatch(scene):
        raise InputError("二维码的场景值应为 1 至 64 位字母、数字、下划线或连字符")
    info = {"scene": {"scene_str": scene}}
    if lasts is None:
        return {"action_name": "QR_LIMIT_STR_SCENE", "action_info": info}
    if not timedelta(seconds=1) <= lasts <= LONGEST:
        raise InputError("临时二维码的有效期应为 1 秒至 30 天")
    return {"expire_seconds": int(lasts.total_seconds()), "action_name": "QR_STR_SCENE", "action_info": info}


def read_qr(fields: Mapping[str, Any], picture_base: str, now: datetime) -> Qr:
    """The code that was made. Raises Unreadable."""
    ticket, content, life_s = fields.get("ticket"), fields.get("url"), fields.get("expire_seconds")
    if not isinstance(ticket, str) or not ticket or not isinstance(content, str):
        raise Unreadable("garbage")
    picture = below(picture_base, f"cgi-bin/showqrcode?ticket={quote(ticket, safe='')}")
    return Qr(ticket, content, picture, now + timedelta(seconds=life_s) if isinstance(life_s, int) else None)
