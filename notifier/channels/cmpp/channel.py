"""The door to a CMPP gateway: builds with `protocol`, sends over its line, reads with `pushes`. Nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from notifier.channels.cmpp.connection import Late, Session, Terms, TurnedAway
from notifier.channels.cmpp.line import Line
from notifier.channels.cmpp.octets import Malformed
from notifier.channels.cmpp.pdus import Submit, SubmitResp
from notifier.channels.cmpp.protocol import (
    Account,
    ended_by,
    is_flow_control,
    joined,
    result_code,
    settled_by,
    submits,
)
from notifier.channels.cmpp.pushes import VERSION, dialect_named, name_of, read_push
from notifier.channels.codes import read_sms_codes
from notifier.channels.pace import Pace
from notifier.channels.verdicts import NOT_SENT_DELAY, unwritable
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, Push, TokenStore
from notifier.domain.errors import ConfigError
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import NoAnswer, Outcome, Postponed, Refused, Settlement, Unsure
from notifier.wire import Lost, NotSent, Wire

_CODES = Path(__file__).with_name("codes.csv")
_MOST_LATE = 10_000
ANSWER = (200, "text/plain", "0")
"""Nobody hears it: a DELIVER is answered on its connection, once the push is stored."""


class Cmpp:
    """One account over one connection; see `Channel` and `Connected` for what its methods promise."""

    name = "cmpp"
    medium = Medium.SMS
    batch_size = 1
    one_text_a_call = True

    def __init__(self, section: settings.Cmpp, clock: Clock) -> None:
        secret = section.shared_secret.get_secret_value()
        dialect = dialect_named(section.version)
        self._account = Account(
            section.source_addr, secret, section.src_id, section.service_id, section.sign_name, dialect
        )
        self._line = Line(_terms(section), self._account, clock)
        self._codes = read_sms_codes(_CODES, section.codes_file)
        self._pace = Pace(section.submits_per_second)
        self._patience_s = section.answer_timeout.total_seconds()
        self._resume_s = float("-inf")
        self._clock = clock
        self._late: dict[str, SubmitResp] = {}

    async def run(self, take: Callable[[Push], Awaitable[object]]) -> None:
        """See `Connected.run`."""
        await self._line.run(
            lambda frame, dialect: take(Push(self.name, {VERSION: name_of(dialect)}, frame, self._clock.now()))
        )

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """See `Channel.send`. CMPP has no place for `out_id`; the ledger finds the letter by the gateway's Msg_Id."""
        return [await self._send(letter, out_id) for letter in letters]

    async def _send(self, letter: Letter, out_id: str) -> Outcome:
        try:
            first, *rest = submits(self._account, letter)
        except ValueError:
            return unwritable(1)[0]
        try:
            session = await self._line.session()
            late = None if rest else partial(self._keep_late, out_id)
            answer = await self._submit(session, first, late, is_awaited=letter.is_awaited)
        except TurnedAway as error:
            return self._codes.outcome(f"connect:{error.status}", self._clock.now())
        except NotSent as error:
            return Postponed(f"not_sent:{error.code}", NOT_SENT_DELAY)
        except Lost as error:
            return Unsure(error.code)
        except Malformed:
            return unwritable(1)[0]
        if answer.result:
            return ended_by(answer.result, 0, self._codes, self._clock.now())
        # The first part alone finds out whether the letter is wanted; half a letter on a handset is worth nothing.
        answers = await asyncio.gather(*(self._submit_surely(session, one) for one in rest), return_exceptions=True)
        return self._ended([answer, *answers])

    def n_parts(self, letter: Letter) -> int:
        """See `ReportsParts`."""
        try:
            return len(submits(self._account, letter))
        except ValueError:
            return 1

    def _ended(self, answers: Sequence[SubmitResp | BaseException]) -> Outcome:
        msg_ids: list[int] = []
        outcome: Outcome | None = None
        for one in answers:
            if isinstance(one, SubmitResp) and not one.result:
                msg_ids.append(one.msg_id)
            elif isinstance(one, SubmitResp):
                ended = ended_by(one.result, 1, self._codes, self._clock.now())
                outcome = ended if outcome is None or isinstance(ended, Refused) else outcome
            elif isinstance(one, NotSent | Lost):
                outcome = outcome or Unsure(f"partial:{one.code}")
            else:
                raise one
        return outcome or joined(msg_ids)

    async def _submit_surely(self, session: Session, part: Submit) -> SubmitResp:
        """As `_submit`, again while the gateway says that it is too much at once: the other parts wait for it."""
        loop = asyncio.get_running_loop()
        give_up_s = loop.time() + self._patience_s
        while True:
            answer = await self._submit(session, part)
            if not (answer.result and is_flow_control(answer.result, self._codes)) or loop.time() > give_up_s:
                return answer

    async def _submit(
        self, session: Session, part: Submit, late: Late | None = None, *, is_awaited: bool = False
    ) -> SubmitResp:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._resume_s - loop.time()))
        await self._pace.turn(first=is_awaited)
        answer = await session.submit(part, late)
        if answer.result and is_flow_control(answer.result, self._codes):
            delay = self._codes.of(result_code(answer.result)).delay
            self._resume_s = loop.time() + (delay.total_seconds() if delay is not None else 0.0)
        return answer

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """See `Channel.ask`; CMPP cannot be asked, but an answer that came too late for its letter is remembered."""
        late = self._late.get(out_id)
        return NoAnswer("cannot_be_asked") if late is None else settled_by(late, self._codes, self._clock.now())

    def _keep_late(self, out_id: str, answer: SubmitResp) -> None:
        self._late[out_id] = answer
        if len(self._late) > _MOST_LATE:
            del self._late[next(iter(self._late))]

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """See `Channel.read_push`."""
        return read_push(push, self._codes)

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        """See `Channel.answer_push`."""
        return ANSWER


def _terms(section: settings.Cmpp) -> Terms:
    return Terms(
        section.host,
        section.port,
        section.connect_timeout,
        section.answer_timeout,
        section.heartbeat,
        section.reconnect_after,
    )


def build(channels: settings.Channels, wire: Wire, tokens: TokenStore, clock: Clock) -> Channel:
    """The channel of [channels.cmpp]. Raises ConfigError for an account that cannot be used."""
    section = channels.cmpp
    missing = [
        key
        for key, value in (
            ("host", section.host),
            ("source_addr", section.source_addr),
            ("shared_secret", section.shared_secret.get_secret_value()),
            ("src_id", section.src_id),
        )
        if not value
    ]
    if missing:
        raise ConfigError(f"channels.cmpp 已启用但缺少 {'、'.join(missing)}，请填写或停用该通道")
    return Cmpp(section, clock)
