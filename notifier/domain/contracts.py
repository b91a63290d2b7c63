"""The Protocols by which rooms and doors know each other: implemented lower down or beside, handed over by `app`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from notifier.domain.benefits import Finding
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import Outcome, Settlement


class Clock(Protocol):
    """The only way to learn the time; tests freeze it."""

    def now(self) -> datetime:
        """The instant, aware UTC."""
        ...


class Progress(Protocol):
    """Somebody who watches long work: a bar on a terminal, or nobody."""

    def advance(self, n_done: int) -> None:
        """`n_done` more units are done."""
        ...


@dataclass(frozen=True, slots=True)
class Push:
    """One request a provider made to us, as it came. `body` is personal data and is stored sealed only."""

    gateway: str
    query: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime
    key: str | None = field(default=None, repr=False)
    """What all repeats of it have alike; None: its whole query and body."""
    once: str | None = field(default=None, repr=False)
    """What the provider uses for one push only, such as a signature with its nonce; None: nothing."""


class Channel(Protocol):
    """A door out: one account of one provider.

    Worked example: `outcomes = await channel.send([letter], "n42-0")`, where Accepted means the provider has it.
    """

    name: str
    """The gateway's name in config, attempts and reports, e.g. "aliyun_sms"."""
    medium: Medium
    """What kind of contact it can address."""
    batch_size: int
    """The most letters in one call."""
    one_text_a_call: bool
    """Whether every letter of a call must say the same: one list of values goes to all of its numbers."""

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """One outcome a letter, in their order. One call over the wire.

        Takes 1..batch_size letters of one template (and alike in their parameters where `one_text_a_call`), no address
        twice. Raises nothing a provider can cause. A call that ended before any byte left is Postponed; after, Unsure.
        A batch refused whole for one letter's fault is Postponed with no delay for each: send them one by one. Only
        what was certainly not executed (a dead token) is called a second time.
        """
        ...

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """What the provider knows of a letter sent under `out_id`. Safe to repeat."""
        ...

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """The elements of a push in their order; a bad one is Damaged and its neighbours still come.

        Raises InputError when the push is not the provider's (bad signature, not its format at all).
        """
        ...

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        """(HTTP status, content type, body) that tells the provider we have it. Pure."""
        ...


@runtime_checkable
class Signing(Protocol):
    """What a Channel also is whose provider signs its pushes: a stranger's is refused before anything is kept."""

    def recognised(self, push: Push) -> Push:
        """The push with its `key` and `once`. Raises InputError when it is not the provider's."""
        ...


@runtime_checkable
class KeepsReceipts(Protocol):
    """What a Channel also is whose provider can be asked for a receipt that never came; asking sends nothing."""

    receipts_kept: timedelta
    """How long after sending the provider knows the message."""


@runtime_checkable
class ReportsParts(Protocol):
    """What a Channel also is whose provider reports each part of a long text by itself."""

    def n_parts(self, letter: Letter) -> int:
        """How many receipts the letter will have; at least one. Pure."""
        ...


@dataclass(frozen=True, slots=True)
class Paper:
    """A signature or template as its provider sees it; `says` is its state in Chinese, and the mend."""

    what: str
    is_usable: bool
    says: str


@runtime_checkable
class ShowsPapers(Protocol):
    """What a Channel also is whose provider tells the state of the account's signature and templates."""

    async def papers(self, templates: Mapping[str, str]) -> Sequence[Paper]:
        """The signature's paper, then one for each template (its code -> the text that we fill). Safe to repeat.

        A question that gets no answer is a paper that is not usable and says so.
        """
        ...


class Replies(Protocol):
    """Answers a person who wrote to the official account."""

    async def reply(self, openid: str, text: str) -> Outcome:
        """Accepted when they have it. One call over the wire, or none where the provider's window is closed.

        Unsure is never sent again. Raises nothing a provider can cause.
        """
        ...


class ReplyAllowance(Protocol):
    """Counts the answers that a person may still be sent, for all processes."""

    async def take(self, openid: str) -> str | None:
        """The window that one answer was counted in, before it leaves; None when none is open."""
        ...

    async def give_back(self, openid: str, window: str) -> None:
        """One answer counted in `window` certainly did not leave."""
        ...


@runtime_checkable
class Connected(Protocol):
    """What a Channel also is whose account is a connection: it sends and hears only while it is kept up.

    One process at a time keeps it up, under a lease; what comes over it never comes by HTTP.
    """

    async def run(self, take: Callable[[Push], Awaitable[object]]) -> None:
        """Connected, and again after every loss, until cancelled; then the connection ends politely.

        Each push is acknowledged to the provider once `take` returned, and comes again if it raised.
        """
        ...


class Leases(Protocol):
    """Who of all processes has what only one may use at a time."""

    async def hold(self, name: str, owner: str, lasts: timedelta) -> bool:
        """True when `name` is the owner's for that long from now, anew or again; False when it is another's."""
        ...

    async def let_go(self, name: str, owner: str) -> None:
        """`name` is free if it was the owner's. Safe to repeat."""
        ...


class Source(Protocol):
    """A door in: one watched place where policies or payment files appear."""

    name: str
    """The source's name in config, snapshots and reports."""

    def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """Everything the place shows now, oldest first. The caller decides what is new.

        `memory` is what an earlier look left (etag, last_modified …). Raises SourceError. Safe to repeat.
        """
        ...


@dataclass(frozen=True, slots=True)
class ForeignQuery:
    """A page of rows of another database: those of `query` whose `key` is above `after`, by key, at most `most`.

    `url` is sqlite:///FILE or postgresql://USER@HOST:PORT/NAME; `after` is of the kind of the key, None at first.
    """

    url: str
    query: str
    key: str
    after: Any
    most: int
    timeout: timedelta
    password: str | None = field(default=None, repr=False)


class ForeignReader(Protocol):
    """Reads a database that is not ours, and can do nothing else to it."""

    async def rows(self, asked: ForeignQuery) -> Sequence[Mapping[str, Any]]:
        """The page, column by name; empty behind the last one. Raises SourceError in words. Safe to repeat."""
        ...


class Bus(Protocol):
    """Carries chunk ids and wake-ups between workers; the ledger is the truth, so a lost message costs seconds."""

    async def put(self, chunk_id: int) -> None:
        """The id will be offered to one worker, at least once, if this process or broker lives."""
        ...

    def take(self) -> AbstractAsyncContextManager[int]:
        """Waits for an id; leaving the block normally acknowledges it, leaving by an error offers it again."""
        ...

    async def close(self) -> None:
        """Nothing is under way any more. Safe to repeat."""
        ...


@dataclass(slots=True)
class Posted:
    """A sealed push on the stream; with `stays` set it is offered again after a while."""

    sealed: bytes = field(repr=False)
    stays: bool = False


class Postbox(Protocol):
    """Keeps sealed pushes until the ledger has them, so that a ledger that is away for hours loses none."""

    async def post(self, key: str, sealed: bytes) -> bool:
        """It is durable; False when one of the same key was posted a moment ago. Raises BusError if it is not."""
        ...

    def collect(self) -> AbstractAsyncContextManager[Sequence[Posted]]:
        """Waits for some; leaving the block normally takes them off, leaving by an error offers them again at once."""
        ...

    async def close(self) -> None:
        """Nothing is under way any more. Safe to repeat."""
        ...


class TokenStore(Protocol):
    """One shared place for a provider's access token, across processes."""

    async def read(self, key: str) -> tuple[str, datetime] | None:
        """(token, expires_at), or None."""
        ...

    async def replace(self, key: str, rejected: str | None, token: str, expires_at: datetime) -> str:
        """The token now stored: `token` if the stored one was still `rejected`, else the one somebody stored before."""
        ...

    def refreshing(self, key: str, patience: timedelta) -> AbstractAsyncContextManager[bool]:
        """True for one holder at a time across processes, False when another refreshes. Frees itself on a crash."""
        ...
