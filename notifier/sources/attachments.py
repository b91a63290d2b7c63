"""The files that hang on a page: found, fetched politely, read apart; one that holds the text becomes the text."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from notifier.domain.benefits import Attachment, AttachmentKind
from notifier.domain.errors import SourceError
from notifier.domain.free_text import masked_published
from notifier.sources.addresses import is_at_home, resolve
from notifier.sources.attachment_text import read_attachment, suffix_of
from notifier.sources.fetching import Asked, Fetcher, Page
from notifier.sources.headers import HeaderAliases
from notifier.sources.wording import one_line

_SUFFIXES = "pdf|docx?|xlsx?|xlsm|csv|wps|et"
_NAMED = re.compile(rf"\.(?:{_SUFFIXES})$", re.IGNORECASE)
_DISPOSED = re.compile(r"""filename\*?\s*=\s*(?:UTF-8'')?"?([^";]+)""", re.IGNORECASE)
_MOST = 10
_MOST_NAME = 120
_LEAST_BODY = 120
"""Characters: a page that says less than this only announces its attachment."""


def linked_files(html: str, url: str) -> list[tuple[str, str]]:
    """The files to which a page links, as (name, address), each once, in its order, at most ten."""
    found: dict[str, str] = {}
    for link in LexborHTMLParser(html).css("a[href]"):
        href = link.attributes.get("href") or ""
        told = [one_line(link.text(deep=True)), *(link.attributes.get(name) or "" for name in ("title", "download"))]
        named = next((one for one in told if _NAMED.search(one)), "")
        if not named and not _NAMED.search(urlsplit(href.strip()).path if _is_split(href) else ""):
            continue
        try:
            address = resolve(url, href)
        except SourceError:
            continue
        if address:
            found.setdefault(address, named or told[0] or _name_in(address))
    return [(_with_suffix(name, address), address) for address, name in list(found.items())[:_MOST]]


def _is_split(href: str) -> bool:
    try:
        urlsplit(href.strip())
    except ValueError:
        return False
    return True


def _name_in(address: str) -> str:
    return unquote(PurePosixPath(urlsplit(address).path).name)


def _with_suffix(name: str, address: str) -> str:
    suffix = PurePosixPath(urlsplit(address).path).suffix
    full = name if _NAMED.search(name) or not _NAMED.search(suffix) else f"{name}{suffix.lower()}"
    return masked_published(full)[-_MOST_NAME:]


class Attaching:
    """Fetches and reads attachments for one source."""

    def __init__(self, fetcher: Fetcher, hosts: frozenset[str], limit: int, aliases: HeaderAliases) -> None:
        self._fetcher, self._hosts, self._limit, self._aliases = fetcher, hosts, limit, aliases

    async def of_page(self, html: str, url: str, body: str) -> tuple[list[Attachment], list[tuple[str, str]]]:
        """The page's attachments, and (name, why) of those that could not be had.

        Raises SourceError when one fails for the moment that the page, whose text is `body`, says nothing without.
        """
        had: list[Attachment] = []
        missing: list[tuple[str, str]] = []
        for name, address in linked_files(html, url):
            if not is_at_home(address, self._hosts):
                missing.append((name, "附件在别的网站；需要时请在来源定义中写入 allow_hosts"))
                continue
            try:
                page = await self._fetcher.page(Asked(address, limit=self._limit))
            except SourceError as error:
                if error.temporary and len(body.strip()) < _LEAST_BODY:
                    raise
                missing.append((name, str(error)))
                continue
            had.append(await self._read(name, page))
        return had, missing

    async def of_file(self, page: Page, title: str) -> Attachment:
        """An item whose link leads to a file itself."""
        disposed = _DISPOSED.search(page.headers.get("content-disposition", ""))
        name = unquote(disposed[1]) if disposed else _name_in(page.url)
        return await self._read(masked_published(name or title)[-_MOST_NAME:], page)

    async def _read(self, name: str, page: Page) -> Attachment:
        return await read_attachment(name, page.url, page.body, self._aliases)


def is_file(page: Page) -> bool:
    """True when what was fetched is a document, not a page."""
    name = _name_in(page.url)
    return bool(_NAMED.search(suffix_of(name, page.body))) and page.body.lstrip()[:1] != b"<"


def with_text_of(body: str, attachments: Sequence[Attachment]) -> str:
    """The body, with the text of the attachments behind it when it says next to nothing itself.

    Where neither says anything, a sentence about each file: a person has to look at it, so it must not be lost.
    """
    if len(body.strip()) >= _LEAST_BODY:
        return body
    texts = [one.text for one in attachments if one.kind is AttachmentKind.TEXT and one.text]
    whole = "\n".join([body.strip(), *texts]).strip()
    return whole or "\n".join(f"附件「{one.name}」：{_about(one)}" for one in attachments)


def _about(attachment: Attachment) -> str:
    if attachment.kind is AttachmentKind.PAYMENTS:
        return f"发放清单，{attachment.n_lines} 行，等待人工确认后导入"
    return attachment.why or "没有文字"
