"""The only HTTP client. It tells a request that never left from one whose fate is unknown, and hides its library."""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from notifier.domain import settings
from notifier.domain.errors import NotifierError

REPLY_LIMIT = 4 * 1024 * 1024
"""Bytes of a reply that are read at most; no provider's answer comes near, and a page that does is not one."""
_CONNECT_SHARE = 0.9  # connecting must give up before the whole call does, or its end would not tell the two apart


class NotSent(NotifierError):
    """No byte of the request left: it may safely be tried again. `code` says why, without an address."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the request did not leave: {code}")
        self.code = code


class Lost(NotifierError):
    """The request may have left and no whole answer came: never repeat it blindly. `code` says what was seen."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the request left and its answer was lost: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer of any status; header names in lower case; `body` decompressed, at most the limit asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a site that strangers run; a POST when it has a `body`.

    `is_guarded`: no byte goes to a loopback, private or otherwise not public address, whatever the name resolves to.
    `certificate`: the SHA-256 of the one certificate that is trusted, instead of the authorities.
    """

    url: str = field(repr=False)
    timeout: timedelta
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    is_guarded: bool = True
    limit: int = REPLY_LIMIT
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    follow: bool = False
    limit: int = REPLY_LIMIT
    certificate: bytes | None = None


class Wire:
    """One pool of connections, open inside `async with`. URLs go out byte for byte: percent-encode them yourself.

    `call_timeout` is for a whole call, from its first byte to the last of the answer, unless a call names its own.
    """

    def __init__(self, wire: settings.Wire, call_timeout: timedelta = timedelta(seconds=15)) -> None:
        self._settings = wire
        self._call_timeout = call_timeout
        self._open: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        limit = self._settings.connections
        self._open = _session(aiohttp.TCPConnector(limit=limit, ttl_dns_cache=60))
        # A pool of its own: no connection in it was opened for somebody who may go anywhere.
        self._guarded = _session(aiohttp.TCPConnector(limit=limit, ttl_dns_cache=60, resolver=_PublicOnly()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in (self._open, self._guarded):
            if session is not None:
                await session.close()
        self._open = self._guarded = None

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeout: timedelta | None = None
    ) -> Reply:
        """The provider's whole answer, whatever its status; a redirect is an answer too.

        Raises NotSent (refused, DNS, TLS, no connection in time) or Lost (anything later, an answer over 4 MiB too).
        Never repeats: a kept connection that the peer closed as we wrote is Lost, since we cannot know what it read.
        """
        return await self._call(_Request("POST", url, headers, body), timeout)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: timedelta | None = None,
        follow: bool = False,
    ) -> Reply:
        """As `post`, for what is safe to repeat; `follow` goes after up to ten redirects."""
        return await self._call(_Request("GET", url, headers or {}, None, follow), timeout)

    async def fetch(self, visit: Visit) -> Reply:
        """As `get` (or `post`, with a body) for a stranger's site; a redirect is an answer. NotSent("private") when
        guarded and the address is not public: what was checked is what is connected to."""
        method = "GET" if visit.body is None else "POST"
        request = _Request(method, visit.url, visit.headers, visit.body, False, visit.limit, visit.certificate)
        if visit.is_guarded and is_private_literal(visit.url):
            raise NotSent("private")
        return await self._call(request, visit.timeout, self._guarded if visit.is_guarded else self._open)

    async def _call(
        self, request: _Request, timeout: timedelta | None, session: aiohttp.ClientSession | None = None
    ) -> Reply:
        session = session or self._open
        assert session is not None, "the wire is used outside its `async with`"
        try:
            exact = URL(request.url, encoded=True)
        except ValueError:
            raise NotSent("bad_url") from None
        try:
            async with session.request(
                request.method,
                exact,
                data=request.body,
                headers=request.headers,
                timeout=self._deadline(timeout),
                allow_redirects=request.follow,
                ssl=True if request.certificate is None else aiohttp.Fingerprint(request.certificate),
            ) as answer:
                whole = await _read(answer, request.limit)
                named = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status, named, whole)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _ours(error) from None  # the library's text holds the URL, and may hold what is in it

    def _deadline(self, timeout: timedelta | None) -> aiohttp.ClientTimeout:
        total = (timeout or self._call_timeout).total_seconds()
        connect = min(self._settings.connect_timeout.total_seconds(), total * _CONNECT_SHARE)
        return aiohttp.ClientTimeout(total=total, connect=connect)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "farm-household-notifier"},
    )


class _PrivateError(OSError):
    """A name leads to an address that is not public."""


class _PublicOnly(ThreadedResolver):
    """Resolves names, and refuses one that leads anywhere private: the addresses it gives are the ones dialled."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name, all of them public. Raises OSError."""
        found = await super().resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise _PrivateError
        return found


def is_public(address: str) -> bool:
    """True for an IP address that anybody on the internet could reach; not loopback, private, link-local, multicast.

    Raises ValueError when it is no IP address.
    """
    read = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(read, ipaddress.IPv6Address):
        read = read.ipv4_mapped or read.sixtofour or read
    return read.is_global and not read.is_multicast


def is_private_literal(url: str) -> bool:
    """True when the host of a URL is an IP address that is not public; False for names, which are resolved later."""
    try:
        return not is_public(URL(url, encoded=True).host or "")
    except ValueError:
        return False


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    whole = bytearray()
    async for part in answer.content.iter_any():
        whole += part
        if len(whole) > limit:
            answer.close()
            raise Lost("oversize")
    return bytes(whole)


def _ours(error: Exception) -> NotSent | Lost:
    """Only what fails while there is no connection is NotSent; the order matters, the first row that fits wins."""
    rows: tuple[tuple[type[Exception], NotSent | Lost], ...] = (
        (aiohttp.ConnectionTimeoutError, NotSent("connect_timeout")),
        (aiohttp.ClientConnectorDNSError, NotSent(_why_unresolved(error))),
        (aiohttp.ClientSSLError, NotSent(_why_untrusted(error))),
        (aiohttp.ServerFingerprintMismatch, NotSent("tls_changed")),
        (aiohttp.ClientConnectorError, NotSent("refused")),
        (aiohttp.InvalidURL, NotSent("bad_url")),
        (aiohttp.NonHttpUrlClientError, NotSent("bad_url")),
        (TimeoutError, Lost("timeout")),
        (aiohttp.ServerDisconnectedError, Lost("disconnected")),
        (aiohttp.ClientPayloadError, Lost("cut_short")),
        (aiohttp.ClientResponseError, Lost("not_http")),
        (ValueError, Lost("unreadable")),
    )
    return next((ours for kind, ours in rows if isinstance(error, kind)), Lost("reset"))


_VERIFY_CODES = {
    9: "tls_expired",
    10: "tls_expired",
    18: "tls_self_signed",
    19: "tls_self_signed",
    20: "tls_chain",
    21: "tls_chain",
    62: "tls_name",
    64: "tls_name",
}
"""OpenSSL's verify codes by what a person has to do about them."""


def _why_unresolved(error: Exception) -> str:
    is_private = isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _PrivateError)
    return "private" if is_private else "dns"


def _why_untrusted(error: Exception) -> str:
    if not isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "tls"
    return _VERIFY_CODES.get(getattr(error.certificate_error, "verify_code", 0), "tls")
