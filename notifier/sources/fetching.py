"""Fetching a watched page politely and safely: no private address, every redirect checked, failures in words."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from notifier.domain.errors import SourceError
from notifier.wire import Lost, NotSent, Reply

_MOST_REDIRECTS = 5
_MOST_WAIT_S = 86_400
_NOT_FOR_MACHINES = frozenset((401, 403, 412, 521))
_GONE = frozenset((404, 410))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_DEFAULT_PORT = {"http": 80, "https": 443}
_SAFE = "/%:=&?~#+!$,;'@()*[]"


class Get(Protocol):
    """The part of the wire that a source needs."""

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout: timedelta | None = None
    ) -> Reply:
        """A whole answer of any status. Raises NotSent or Lost."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched in the end; `url` after redirects; `is_same` means 304: nothing changed, `body` is empty."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_same: bool = False


class Fetcher:
    """Fetches pages for one source."""

    def __init__(self, wire: Get, timeout: timedelta, *, allow_private: bool = False) -> None:
        self._wire, self._timeout, self._allow_private = wire, timeout, allow_private

    async def page(self, url: str, headers: Mapping[str, str] | None = None) -> Page:
        """The page at `url`, at most five redirects away. Raises SourceError in words; safe to repeat."""
        for _ in range(_MOST_REDIRECTS + 1):
            url = normal_url(url)
            await self._refuse_private(url)
            reply = await self._get(url, headers)
            if reply.status not in _REDIRECTS:
                return _judge(url, reply)
            url = urljoin(url, reply.headers.get("location", ""))
        raise SourceError(f"{_host(url)} 的网页跳转超过{_MOST_REDIRECTS}次", temporary=False)

    async def _get(self, url: str, headers: Mapping[str, str] | None) -> Reply:
        try:
            return await self._wire.get(url, headers=headers, timeout=self._timeout)
        except Lost as error:
            if error.code == "oversize":
                raise SourceError(f"{_host(url)} 的网页过大，没有读取", temporary=False) from None
            raise SourceError(f"{_host(url)} 没有答复（{error.code}）") from None
        except NotSent as error:
            raise SourceError(f"连不上 {_host(url)}（{error.code}）") from None

    async def _refuse_private(self, url: str) -> None:
        if self._allow_private:
            return
        host, port = urlsplit(url).hostname or "", urlsplit(url).port or 443
        for address in await _addresses(host, port):
            if not _is_public(address):
                raise SourceError(
                    f"{host} 指向内网或本机地址，已拒绝；确属内网网站时请在来源定义中设 allow_private = true",
                    temporary=False,
                )


async def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceError(f"找不到网站 {host}") from None
    return [str(address[4][0]) for address in found]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_global and not address.is_multicast


def _judge(url: str, reply: Reply) -> Page:
    if reply.status == 304:
        return Page(url, reply.headers, b"", is_same=True)
    if 200 <= reply.status < 300:
        return Page(url, reply.headers, reply.body)
    said = f"{_host(url)} 答复 {reply.status}"
    if reply.status in _NOT_FOR_MACHINES:
        raise SourceError(f"{said}：网站要求用浏览器访问，请人工查看", temporary=False)
    if reply.status in _GONE:
        raise SourceError(f"{said}：网页不存在，地址可能已变更", temporary=False)
    raise SourceError(said, temporary=True, retry_after=_patience(reply.headers.get("retry-after", "")))


def _patience(text: str) -> timedelta | None:
    return timedelta(seconds=min(int(text), _MOST_WAIT_S)) if text.isascii() and text.isdigit() else None


def normal_url(url: str) -> str:
    """The address in the one form by which pages are known: ASCII, lower-case host, no fragment, no default port.

    Raises SourceError when it is not an http(s) address.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise SourceError("网址无法识别", temporary=False) from None
    if parts.scheme.lower() not in _DEFAULT_PORT or not host:
        raise SourceError("网址不是 http(s) 地址", temporary=False)
    scheme = parts.scheme.lower()
    literal = f"[{host}]" if ":" in host else host
    place = literal if port in (None, _DEFAULT_PORT[scheme]) else f"{literal}:{port}"
    return urlunsplit((scheme, place, quote(parts.path or "/", _SAFE), quote(parts.query, _SAFE), ""))


def _host(url: str) -> str:
    return urlsplit(url).hostname or "网站"
