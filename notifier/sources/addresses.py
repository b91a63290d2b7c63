"""Web addresses as pages write them, brought to the one form by which pages are known."""

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from notifier.domain.errors import SourceError

_DEFAULT_PORT = {"http": 80, "https": 443}
_SAFE = "/%:=&?~#+!$,;'@()*[]"
_HOST_FIRST = re.compile(r"(?:www\.)?(?:[a-z0-9-]+\.)+(?:cn|com|net|org)(?=[:/?#]|$)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_NO_PAGE = ("javascript:", "mailto:", "tel:", "data:", "#")


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
    path = quote(_SESSION.sub("", parts.path) or "/", _SAFE)
    return urlunsplit((scheme, place, path, quote(parts.query, _SAFE), ""))


def resolve(page: str, href: str) -> str | None:
    """The normal address that a link on a page leads to; None when it leads to no page.

    Bears what editors paste: line breaks, backslashes, and a host without its scheme. Raises SourceError.
    """
    said = "".join(href.split("\n")).strip().replace("\\", "/").replace("\r", "").replace("\t", "")
    if not said or said.lower().startswith(_NO_PAGE):
        return None
    if _HOST_FIRST.match(said):
        said = f"{urlsplit(page).scheme}://{said}"
    try:
        return normal_url(urljoin(page, said))
    except ValueError:
        raise SourceError("网址无法识别", temporary=False) from None


def host_of(url: str) -> str:
    """The host of an address, to be shown; 网站 when it has none."""
    try:
        return urlsplit(url).hostname or "网站"
    except ValueError:
        return "网站"


def is_at_home(url: str, hosts: frozenset[str]) -> bool:
    """True when the address is on one of the hosts; www. makes no difference, *.a.cn is every host under a.cn."""
    host = _bare(host_of(url))
    return any(
        host == _bare(one) or (one.startswith("*.") and (host == one[2:] or host.endswith(one[1:]))) for one in hosts
    )


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
