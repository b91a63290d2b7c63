"""Where a request comes from: the address, and the browser in a few words."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from notifier.store.sessions import Visitor
from notifier.web.desk import DESK

_FORWARDED = "X-Forwarded-For"
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("wxwork", "企业微信"),
    ("DingTalk", "钉钉"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "鸿蒙"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def address_of(request: web.Request) -> str:
    """The address a request comes from: the last one that a proxy of ours saw; "" when the connection has none."""
    proxies = request.app[DESK].accounts.proxies
    return last_stranger(request.remote or "", request.headers, proxies)


def last_stranger(remote: str, headers: Mapping[str, str], proxies: Sequence[str]) -> str:
    """`remote`, or behind proxies of ours the last address before them that `X-Forwarded-For` names. Pure."""
    named = [one.strip() for one in headers.get(_FORWARDED, "").split(",") if one.strip()]
    while remote in proxies and named:
        remote = named.pop()
    return remote


def visitor_of(request: web.Request) -> Visitor:
    """The address with browser and system in a few words of ours; never the caller's own words."""
    agent = request.headers.get("User-Agent", "")
    words = [next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return Visitor(" · ".join(word for word in words if word) or "其他浏览器", address_of(request))
