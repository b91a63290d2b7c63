"""The text of a page, whatever its server, its head and its truth say about the encoding."""

import re

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_META_WITHIN = 4096
_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
# Servers send Latin-1 when nobody told them better; on a Chinese page it is never true.
_NEVER = frozenset(("iso-8859-1", "latin-1", "latin1", "windows-1252", "ascii", "us-ascii"))


def decode(raw: bytes, content_type: str, override: str | None = None) -> str:
    """The text of a page: by override, header, meta, UTF-8, in this order, else GB18030 with marks for damage."""
    told = [override or "", *_charsets(content_type.encode("ascii", "ignore")), *_charsets(raw[:_META_WITHIN])]
    for charset in (*told, "utf-8-sig"):
        name = charset.lower()
        if not name or name in _NEVER:
            continue
        try:
            return raw.decode(_CHINESE.get(name, name))
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("gb18030", errors="replace")


def _charsets(place: bytes) -> list[str]:
    return [found.decode("ascii") for found in _CHARSET.findall(place)[:1]]
