"""The door to Tencent SMS: builds with `protocol`, sends over the wire, reads with `protocol`. Nothing else."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from notifier.channels.codes import read_sms_codes
from notifier.channels.pace import Pace
from notifier.channels.tencent_sms.protocol import (
    KEPT,
    Account,
    Answer,
    Call,
    pull_call,
    read_answer,
    read_pull,
    read_send,
    send_call,
)
from notifier.channels.tencent_sms.pushes import ANSWER, read_push
from notifier.channels.tencent_sms.signing import Credentials
from notifier.channels.verdicts import NOT_SENT_DELAY, unwritable
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, Push, TokenStore
from notifier.domain.errors import ConfigError
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import NoAnswer, Outcome, Postponed, Settlement, Unsure
from notifier.wire import Lost, NotSent, Wire

_CODES = Path(__file__).with_name("codes.csv")
_PULLS_PER_SECOND = 20  # the default of the action for an account


class TencentSms:
    """One SmsSdkAppId; see `Channel` for what its methods promise."""

    name = "tencent_sms"
    medium = Medium.SMS
    batch_size = 200
    one_text_a_call = True
    receipts_kept = KEPT

    def __init__(self, section: settings.TencentSms, wire: Wire, clock: Clock) -> None:
        keys = Credentials(section.secret_id, section.secret_key.get_secret_value())
        self._account = Account(section.endpoint, section.region, section.sdk_app_id, section.sign_name, keys)
        self._absent_after = section.absent_after
        self._codes = read_sms_codes(_CODES, section.codes_file)
        self._pace = Pace(section.calls_per_second)
        self._pull_pace = Pace(min(section.calls_per_second, _PULLS_PER_SECOND))
        self._wire = wire
        self._clock = clock

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """See `Channel.send`. Outcomes may differ within a call, since each number has a status of its own."""
        await self._pace.turn(first=letters[0].is_awaited)
        try:
            call = send_call(self._account, letters, out_id, self._clock.now())
        except ValueError:
            return unwritable(len(letters))
        try:
            answer = await self._answer(call)
        except NotSent as error:
            return [Postponed(f"not_sent:{error.code}", NOT_SENT_DELAY)] * len(letters)
        except Lost as error:
            return [Unsure(error.code)] * len(letters)
        return read_send(answer, letters, self._codes, self._clock.now())

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """See `Channel.ask`. A pull looks back seven days, and shows nothing of what no carrier has reported yet."""
        await self._pull_pace.turn()
        now = self._clock.now()
        if now - sent_at >= KEPT:
            return NoAnswer("too_old")
        try:
            answer = await self._answer(pull_call(self._account, letter.address, sent_at, now))
        except (NotSent, Lost) as error:
            return NoAnswer(error.code)
        proves = self._absent_after is not None and now - sent_at >= self._absent_after
        return read_pull(answer, out_id, self._codes, absence_proves=proves)

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """See `Channel.read_push`. Tencent signs nothing: the secret path of the callback is the only guard."""
        return read_push(push, self._codes, self._account.keys.secret_key)

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        """See `Channel.answer_push`."""
        return ANSWER

    async def _answer(self, call: Call) -> Answer:
        reply = await self._wire.post(call.url, body=call.body, headers=call.headers)
        return read_answer(reply.status, reply.body)


def build(channels: settings.Channels, wire: Wire, tokens: TokenStore, clock: Clock) -> Channel:
    """The channel of section `channels.tencent_sms`. Raises ConfigError for a section that cannot work."""
    section = channels.tencent_sms
    needed = {
        "secret_id": section.secret_id,
        "secret_key": section.secret_key.get_secret_value(),
        "sdk_app_id": section.sdk_app_id,
        "sign_name": section.sign_name,
    }
    for key, value in needed.items():
        if not value:
            raise ConfigError(
                f"channels.tencent_sms.{key} 未填写；请填写，或把 channels.tencent_sms.enabled 设为 false"
            )
    return TencentSms(section, wire, clock)
