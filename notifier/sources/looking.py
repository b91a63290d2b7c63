"""What all sources share: their means, what a look had to leave out, and how a published page becomes a Finding."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, runtime_checkable

from notifier.domain.benefits import Attachment, Finding, Policy
from notifier.domain.contracts import Clock, ForeignReader, Source
from notifier.domain.free_text import masked_published
from notifier.sources.dates import today
from notifier.sources.definitions import Definition
from notifier.sources.fetching import Fetching
from notifier.sources.headers import HeaderAliases
from notifier.sources.items import Item

_MOST_BODY = 200_000


@dataclass(frozen=True, slots=True)
class Means:
    """What a source is given to work with; `payments` are the header words of payment workbooks.

    `foreign` reads other databases; `secrets` holds by name what definitions only name: the environment.
    """

    wire: Fetching
    clock: Clock
    payments: HeaderAliases
    foreign: ForeignReader | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a look showed and could not use, with why (Chinese). `again`: the next look may succeed.

    `identities`: by what it will be known when it succeeds; a baseline swallows it by them. `for_person`: it does not
    answer programs.
    """

    what: str
    why: str
    again: bool
    identities: Sequence[str] = ()
    for_person: bool = False


class Watched(Source, Protocol):
    """A source as watching uses it."""

    @property
    def definition(self) -> Definition:
        """What the county wrote about it."""
        ...

    @property
    def left_out(self) -> Sequence[LeftOut]:
        """What the latest look left out; complete when the look is over. Empty when nothing was."""
        ...


@runtime_checkable
class CountsItems(Protocol):
    """What a source also is that watches a list: how long the list was tells when a site was rebuilt."""

    n_listed: int | None
    """Items on the list at the latest look; None when it did not come so far or nothing had changed."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a definition would extract, nothing kept: the listed items, and the findings of the first of them."""

    items: Sequence[Item]
    findings: Sequence[Finding]


@runtime_checkable
class Previews(Protocol):
    """What a source also is that can show what its definition would extract."""

    async def preview(self, n_pages: int) -> Preview:
        """The list, and the first `n_pages` items read; `left_out` says what could not be. Raises SourceError."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """A published thing before it is judged: from a feed entry or an item of a list with its page."""

    url: str
    title: str
    issuer: str | None
    published_on: date | None
    document_number: str | None
    body: str
    raw: bytes
    attachments: Sequence[Attachment] = ()


class Unusable(Exception):
    """A published thing that is quarantined; the text says why."""


def policy_finding(definition: Definition, published: Published, clock: Clock) -> Finding:
    """The Finding of a published thing; undated is possible, and a person has to date it.

    Raises Unusable when it has no title or text, or a date in the future.
    """
    now = clock.now()
    if not published.title:
        raise Unusable("没有标题，已搁置")
    if published.published_on is not None and published.published_on > today(now):
        raise Unusable(f"发布日期 {published.published_on} 在将来，已拒绝")
    if not published.body.strip():
        raise Unusable("没有读到正文，已搁置；请检查来源定义中的 body 选择器")
    policy = Policy(
        title=masked_published(published.title),
        issuer=published.issuer,
        document_number=published.document_number,
        published_on=published.published_on,
        url=published.url,
        body=masked_published(published.body[:_MOST_BODY]),
    )
    attachments = tuple(published.attachments)
    return Finding(definition.name, identities_of(policy), policy, published.raw, now, attachments=attachments)


def identities_of(policy: Policy) -> tuple[str, str]:
    """The stable keys of a policy: its address, and its title with its 文号 - or with its text, when it has none.

    A title alone is none: 关于召开会议的通知 is a new one every time.
    """
    title = "".join(policy.title.split())
    words = "".join(policy.body.split())
    what = policy.document_number or hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
    return url_identity(policy.url), f"title|{title}|{what}"


def url_identity(url: str) -> str:
    """The stable key of an address in its normal form."""
    return f"url|{url}"
