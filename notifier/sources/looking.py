"""What all sources share: their means, what a look had to leave out, and how a published page becomes a Finding."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from notifier.domain.benefits import Finding, Policy
from notifier.domain.contracts import Clock, Source
from notifier.domain.free_text import masked_published
from notifier.sources.dates import today
from notifier.sources.definitions import Definition
from notifier.sources.fetching import Get
from notifier.sources.headers import HeaderAliases

_MOST_BODY = 200_000


@dataclass(frozen=True, slots=True)
class Means:
    """What a source is given to work with; `payments` are the header words of payment workbooks."""

    wire: Get
    clock: Clock
    payments: HeaderAliases


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a look showed and could not use, with why (Chinese). `again`: the next look may succeed."""

    what: str
    why: str
    again: bool


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


class Unusable(Exception):
    """A published thing that is quarantined; the text says why."""


def policy_finding(definition: Definition, published: Published, clock: Clock) -> Finding:
    """The Finding of a published thing. Raises Unusable when it has no title, date or text, or a date in the future."""
    now = clock.now()
    if not published.title:
        raise Unusable("没有标题，已搁置")
    if published.published_on is None:
        raise Unusable("看不出发布日期，已搁置，请人工查看")
    if published.published_on > today(now):
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
    return Finding(definition.name, identities_of(policy), policy, published.raw, now)


def identities_of(policy: Policy) -> tuple[str, str]:
    """The stable keys of a policy: its address, and its title with its 文号 - or with its text, when it has none.

    A title alone is none: 关于召开会议的通知 is a new one every time.
    """
    title = "".join(policy.title.split())
    words = "".join(policy.body.split())
    what = policy.document_number or hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
    return f"url|{policy.url}", f"title|{title}|{what}"
