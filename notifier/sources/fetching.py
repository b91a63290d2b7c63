"""Fetching a watched page politely and safely: no private address, every redirect checked, failures in words."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import urljoin

from notifier.domain.errors import NeedsPerson, SourceError
from notifier.sources.addresses import host_of, is_at_home, normal_url
from notifier.wire import REPLY_LIMIT, Lost, NotSent, Reply, Visit

_MOST_REDIRECTS = 5
_MOST_WAIT_S = 86_400
_NOT_FOR_MACHINES = frozenset((401, 403, 412, 521))
_GONE = frozenset((404, 410))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_SEE_OTHER = frozenset((301, 302, 303))
_TRUST = '核对无误后，可在来源定义中写 certificate = "…"（该证书的 SHA-256 指纹，64 位十六进制）只信任这一张证书'
_NOT_SENT = {
    "tls_expired": f"的网站证书已过期；请联系网站更新证书。{_TRUST}",
    "tls_self_signed": f"的网站证书是自签名的，无法确认真伪；请向网站核实。{_TRUST}",
    "tls_chain": f"的网站证书缺少中间证书，无法确认真伪；请联系网站补全证书链。{_TRUST}",
    "tls_name": "的网站证书不是发给这个域名的；请检查网址，或联系网站",
    "tls_changed": "的网站证书与来源定义中 certificate 的指纹不同；请向网站核实后更新指纹",
    "tls": "的加密连接没有建立（协议过旧或证书有误）；请检查网址，能用 http:// 访问时可改用它",
}


class Fetching(Protocol):
    """The part of the wire that a watched site needs."""

    async def fetch(self, visit: Visit) -> Reply:
        """A whole answer of any status. Raises NotSent or Lost."""
        ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How a site is treated. `hosts` are those that redirects may lead to; None: any. `pause` is before each page."""

    timeout: timedelta
    allow_private: bool = False
    hosts: frozenset[str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: bytes | None = None
    pause: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is fetched: an address, or a form or JSON posted to it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = None
    limit: int = REPLY_LIMIT


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched in the end; `url` after redirects; `is_same` means 304: nothing changed, `body` is empty."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_same: bool = False


class Fetcher:
    """Fetches pages for one source."""

    def __init__(self, wire: Fetching, manners: Manners) -> None:
        self._wire, self._manners = wire, manners
        self._is_first = True

    async def page(self, asked: Asked) -> Page:
        """The page, at most five redirects away. Raises SourceError in words; safe to repeat."""
        await self._pause()
        url, body = normal_url(asked.url), asked.body
        for _ in range(_MOST_REDIRECTS + 1):
            reply = await self._answer(url, asked, body)
            if reply.status not in _REDIRECTS:
                return _judge(url, reply)
            url = self._hop(url, reply)
            body = None if reply.status in _SEE_OTHER else body
        raise SourceError(f"{host_of(url)} 的网页跳转超过{_MOST_REDIRECTS}次", temporary=False)

    async def _pause(self) -> None:
        if not self._is_first and self._manners.pause:
            await asyncio.sleep(self._manners.pause.total_seconds())
        self._is_first = False

    def _hop(self, url: str, reply: Reply) -> str:
        try:
            then = normal_url(urljoin(url, reply.headers.get("location", "")))
        except ValueError:
            raise SourceError(f"{host_of(url)} 跳转到无法识别的网址", temporary=False) from None
        if self._manners.hosts is not None and not is_at_home(then, self._manners.hosts):
            raise SourceError(
                f"{host_of(url)} 跳转到别的网站 {host_of(then)}；需要时请在来源定义中写入 allow_hosts", temporary=False
            )
        return then

    async def _answer(self, url: str, asked: Asked, body: bytes | None) -> Reply:
        manners, host = self._manners, host_of(url)
        headers = {**manners.headers, **asked.headers}
        guarded = not manners.allow_private
        try:
            return await self._wire.fetch(
                Visit(url, manners.timeout, headers, body, guarded, asked.limit, manners.certificate)
            )
        except Lost as error:
            if error.code == "oversize":
                raise SourceError(
                    f"{host} 的网页或附件过大（超过 {asked.limit} 字节），没有读取", temporary=False
                ) from None
            raise SourceError(f"{host} 没有答复（{error.code}）") from None
        except NotSent as error:
            raise _unreached(host, error.code) from None


def _unreached(host: str, code: str) -> SourceError:
    if code == "private":
        return SourceError(
            f"{host} 指向内网或本机地址，已拒绝；确属内网网站时请在来源定义中设 allow_private = true", temporary=False
        )
    if code == "dns":
        return SourceError(f"找不到网站 {host}（dns）；请检查网址")
    if code in _NOT_SENT:
        return SourceError(f"{host} {_NOT_SENT[code]}", temporary=False)
    return SourceError(f"连不上 {host}（{code}）")


def _judge(url: str, reply: Reply) -> Page:
    if reply.status == 304:
        return Page(url, reply.headers, b"", is_same=True)
    said = f"{host_of(url)} 答复 {reply.status}"
    if reply.status in _NOT_FOR_MACHINES:
        raise NeedsPerson(f"{said}：网站要求用浏览器访问，请人工查看")
    if 200 <= reply.status < 300:
        return Page(url, reply.headers, reply.body)
    if reply.status in _GONE:
        raise SourceError(f"{said}：网页不存在，地址可能已变更", temporary=False)
    raise SourceError(said, temporary=True, retry_after=_patience(reply.headers.get("retry-after", "")))


def _patience(text: str) -> timedelta | None:
    return timedelta(seconds=min(int(text), _MOST_WAIT_S)) if text.isascii() and text.isdigit() else None
