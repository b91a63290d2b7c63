"""The only HTTP client. It tells a request that never left from one whose fate is unknown, and hides its library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

import aiohttp
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
class _Request:
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    follow: bool = False


class Wire:
    """One pool of connections, open inside `async with`. URLs go out byte for byte: percent-encode them yourself.

    `call_timeout` is for a whole call, from its first byte to the last of the answer, unless a call names its own.
    """

    def __init__(self, wire: settings.Wire, call_timeout: timedelta = timedelta(seconds=15)) -> None:
        self._settings = wire
        self._call_timeout = call_timeout
        self._open: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._open = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.connections, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "farm-household-notifier"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            await self._open.close()
            self._open = None

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

    async def _call(self, request: _Request, timeout: timedelta | None) -> Reply:
        assert self._open is not None, "the wire is used outside its `async with`"
        try:
            exact = URL(request.url, encoded=True)
        except ValueError:
            raise NotSent("bad_url") from None
        try:
            async with self._open.request(
                request.method,
                exact,
                data=request.body,
                headers=request.headers,
                timeout=self._deadline(timeout),
                allow_redirects=request.follow,
            ) as answer:
                whole = await _read(answer)
                named = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status, named, whole)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _ours(error) from None  # the library's text holds the URL, and may hold what is in it

    def _deadline(self, timeout: timedelta | None) -> aiohttp.ClientTimeout:
        total = (timeout or self._call_timeout).total_seconds()
        connect = min(self._settings.connect_timeout.total_seconds(), total * _CONNECT_SHARE)
        return aiohttp.ClientTimeout(total=total, connect=connect)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    whole = bytearray()
    async for part in answer.content.iter_any():
        whole += part
        if len(whole) > REPLY_LIMIT:
            answer.close()
            raise Lost("oversize")
    return bytes(whole)


def _ours(error: Exception) -> NotSent | Lost:
    """Only what fails while there is no connection is NotSent; the order matters, the first row that fits wins."""
    rows: tuple[tuple[type[Exception], NotSent | Lost], ...] = (
        (aiohttp.ConnectionTimeoutError, NotSent("connect_timeout")),
        (aiohttp.ClientConnectorDNSError, NotSent("dns")),
        (aiohttp.ClientSSLError, NotSent("tls")),
        (aiohttp.ServerFingerprintMismatch, NotSent("tls")),
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
