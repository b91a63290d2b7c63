"""Recording what came of attempts, a wave of calls at a time: statements by group and not by message."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.back_off import luck_of, stretched
from notifier.domain.lifecycle import MessageEvent
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Reason, Refused, Scope, Unsure
from notifier.store.campaigns import pause_for
from notifier.store.content import pause_over_content
from notifier.store.dispatching import Claim, Started, keep_out, mark_unsure
from notifier.store.following import end_consents
from notifier.store.ledger import Ledger, take_ids
from notifier.store.moving import Cause, fail_messages, move_messages
from notifier.store.parts import Parted, note_parts
from notifier.store.postponing import postpone, wait_of
from notifier.store.tables.columns import stamp

_WHOLE_CAMPAIGN = (Scope.TEMPLATE, Scope.ACCOUNT)
_LEAST_DELAY = timedelta(minutes=1)
"""For a single letter that a county's own codes postpone without a delay."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that is over: its attempt and one outcome a letter, in their order."""

    started: Started
    outcomes: Sequence[Outcome]
    ended_at: datetime | None = None
    """When its answer came; a wave is recorded when its slowest call is over. None: just now."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording found: letters of a refused batch to send one by one; why the campaign was paused, if so."""

    again: Sequence[int]
    paused_why: str | None
    n_accepted: int
    shut: Mapping[str, str]
    """Gateways that refused the whole account, and their code; their messages stay ready for another."""


@dataclass(frozen=True, slots=True)
class Landed:
    """A wave that is over: the chunk it was of, its answers, and when to ask about what is unsure."""

    held: Claim
    answers: Sequence[Answered]
    ask_at: datetime
    has_spare: bool = False
    """Whether another gateway can take over."""
    same_content: int = 5
    """Recipients whose text the same code refuses before the campaign is paused."""
    most_waiting: timedelta = timedelta(hours=72)
    """How long a message may be postponed in all."""


async def record(c: AsyncConnection, ledger: Ledger, landed: Landed, now: datetime) -> Recorded:
    """Every answer is written: messages moved, attempts settled or waiting to be asked about, setbacks noted.

    A refusal that reaches the whole campaign (template, account) pauses it and fails nobody: its messages stay ready.
    One of an account, where another gateway can take over, is handed back in `shut` instead.
    A batch refused whole for one letter's fault (Postponed with no delay) is handed back in `again`.
    """
    await keep_out(c, landed.held)
    groups = _grouped(landed, await _gone_on(c, ledger, landed.held, landed.answers))
    if groups.postponed:
        # Ids before counts, as composing does it; in the other order the two could wait for each other.
        await take_ids(c, "chunk", 0)
    await _settle_attempts(c, landed, now)
    await move_messages(c, ledger, groups.accepted, Cause(MessageEvent.ACCEPT), now)
    for (code, reason), ids in groups.refused.items():
        failed = await fail_messages(c, ledger, ids, Cause(MessageEvent.REFUSE, code, reason), now)
        if reason is Reason.CONTENT:
            await pause_over_content(c, ledger, failed, code, landed.same_content)
        if reason is Reason.BLOCKED:
            await end_consents(c, ledger, ids, now)
    for (code, delay), ids in groups.postponed.items():
        held = landed.held
        later = now + stretched(delay, held.n_waits, luck_of(held.chunk_id))
        await postpone(c, ledger, ids, wait_of(held, code, later, landed.most_waiting), now)
    for code, ids in groups.unsure.items():
        await move_messages(c, ledger, ids, Cause(MessageEvent.LOSE, code), now)
    if groups.stopped_by is not None:
        why = f"通道拒绝了整个任务:{groups.stopped_by};请按代码表处理后恢复"
        await pause_for(c, landed.held.campaign_id, why)
    return Recorded(groups.again, groups.stopped_by, len(groups.accepted), groups.shut)


@dataclass(frozen=True, slots=True)
class _Groups:
    accepted: list[int]
    refused: dict[tuple[str, Reason], list[int]]
    postponed: dict[tuple[str, timedelta], list[int]]
    unsure: dict[str, list[int]]
    again: list[int]
    stopped_by: str | None
    shut: dict[str, str]


async def _gone_on(c: AsyncConnection, ledger: Ledger, held: Claim, answers: Sequence[Answered]) -> frozenset[int]:
    """Messages that left the chunk while the call lasted: a process that slept for long is told so late that they were
    settled and are on their way anew. Only that they were accepted is still news."""
    ids = [
        letter.message_id
        for answer in answers
        for letter, outcome in zip(answer.started.letters, answer.outcomes, strict=True)
        if not isinstance(outcome, Accepted)
    ]
    if not ids:
        return frozenset()
    rows = await c.execute(
        text(f"SELECT id FROM message WHERE {ledger.among('id', 'ids')} AND chunk_id <> :chunk"),
        {"ids": ledger.listed(ids), "chunk": held.chunk_id},
    )
    return frozenset(int(row.id) for row in rows)


def _grouped(landed: Landed, gone_on: frozenset[int]) -> _Groups:
    refused, postponed, unsure = defaultdict(list), defaultdict(list), defaultdict(list)
    accepted: list[int] = []
    again: list[int] = []
    stopped_by = None
    shut: dict[str, str] = {}
    for answer, letter, outcome in _each(landed.answers):
        match outcome:
            case Accepted():
                accepted.append(letter.message_id)
            case _ if letter.message_id in gone_on:
                continue
            case Refused(code, scope, _) if scope in _WHOLE_CAMPAIGN:
                if scope is Scope.ACCOUNT and landed.has_spare:
                    shut[answer.started.gateway] = code
                else:
                    stopped_by = code
            case Refused(code, _, reason):
                refused[code, reason].append(letter.message_id)
            case Postponed(_, delay) if not delay and len(answer.outcomes) > 1:
                again.append(letter.message_id)
            case Postponed(code, delay):
                postponed[code, delay or _LEAST_DELAY].append(letter.message_id)
            case Unsure(code):
                unsure[code].append(letter.message_id)
    return _Groups(accepted, refused, postponed, unsure, again, stopped_by, shut)


def _each(answers: Sequence[Answered]) -> Iterator[tuple[Answered, Letter, Outcome]]:
    for answer in answers:
        for letter, outcome in zip(answer.started.letters, answer.outcomes, strict=True):
            yield answer, letter, outcome


async def _settle_attempts(c: AsyncConnection, landed: Landed, now: datetime) -> None:
    settled = []
    unsure: dict[str, list[int]] = defaultdict(list)
    for answer in landed.answers:
        kinds = {type(outcome) for outcome in answer.outcomes}
        first = answer.outcomes[0]
        if Unsure in kinds:
            code = next(outcome.code for outcome in answer.outcomes if isinstance(outcome, Unsure))
            unsure[code].append(answer.started.attempt_id)
            continue
        settled.append(
            {
                "id": answer.started.attempt_id,
                "outcome": type(first).__name__.lower() if len(kinds) == 1 else "mixed",
                "code": None if isinstance(first, Accepted) else first.code,
                "ref": first.provider_ref or None if isinstance(first, Accepted) else None,
                "now": stamp(answer.ended_at or now),
            }
        )
    for code, attempt_ids in unsure.items():
        await mark_unsure(c, attempt_ids, code, landed.ask_at)
    if settled:
        await c.execute(
            text(
                "UPDATE attempt SET state = 'settled', outcome = :outcome, code = :code, "
                # The event of a call can come before its answer, and bring a reference that the answer does not have.
                "provider_ref = coalesce(:ref, provider_ref), ended_at = :now WHERE id = :id"
            ),
            settled,
        )
    await note_parts(c, [Parted(one.started.attempt_id, part) for one in landed.answers for part in _parts(one)])


def _parts(answer: Answered) -> list[Sequence[str]]:
    return [one.parts for one in answer.outcomes if isinstance(one, Accepted) and one.parts]
