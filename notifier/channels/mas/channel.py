"""The door to 移动云MAS: builds with `protocol`, sends over the wire, reads with `protocol`. Nothing else."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from notifier.channels.codes import read_sms_codes
from notifier.channels.mas.protocol import Account, read_submit, submit_call
from notifier.channels.mas.pushes import ANSWER, read_push
from notifier.channels.pace import Pace
from notifier.channels.verdicts import NOT_SENT_DELAY, unwritable
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, Push, TokenStore
from notifier.domain.errors import ConfigError
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import NoAnswer, Outcome, Postponed, Settlement, Unsure
from notifier.wire import Lost, NotSent, Wire

_CODES = Path(__file__).with_name("codes.csv")


class Mas:
    """One interface account (接口账号); see `Channel` for what its methods promise."""

    name = "mas"
    medium = Medium.SMS
    batch_size = 100  # 5000 would do, but a call whose answer is lost costs a visit a letter
    one_text_a_call = True

    def __init__(self, section: settings.Mas, wire: Wire, clock: Clock) -> None:
        self._account = Account(
            f"{section.endpoint.rstrip('/')}/",
            section.ec_name,
            section.ap_id,
            section.sign,
            section.add_serial,
            section.secret_key.get_secret_value(),
        )
        self._codes = read_sms_codes(_CODES, section.codes_file)
        self._pace = Pace(section.calls_per_second)
        self._wire = wire
        self._clock = clock

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """See `Channel.send`. `out_id` stays here: MAS takes no reference of ours."""
        await self._pace.turn(first=letters[0].is_awaited)
        try:
            call = submit_call(self._account, letters)
        except ValueError:
            return unwritable(len(letters))
        try:
            reply = await self._wire.post(call.url, body=call.body, headers=call.headers)
        except NotSent as error:
            return [Postponed(f"not_sent:{error.code}", NOT_SENT_DELAY)] * len(letters)
        except Lost as error:
            return [Unsure(error.code)] * len(letters)
        return [read_submit(reply.status, reply.body, len(letters), self._codes, self._clock.now())] * len(letters)

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """See `Channel.ask`. MAS cannot be asked: its reports alone tell."""
        return NoAnswer("cannot_be_asked")

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """See `Channel.read_push`. MAS signs nothing: the secret path of the callback is the only guard."""
        return read_push(push, self._codes, self._account.secret_key)

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        """See `Channel.answer_push`."""
        return ANSWER


def build(channels: settings.Channels, wire: Wire, tokens: TokenStore, clock: Clock) -> Channel:
    """The channel of section `channels.mas`. Raises ConfigError for a section that cannot work."""
    section = channels.mas
    needed = {
        "ec_name": section.ec_name,
        "ap_id": section.ap_id,
        "secret_key": section.secret_key.get_secret_value(),
        "sign": section.sign,
    }
    for key, value in needed.items():
        if not value:
            raise ConfigError(f"channels.mas.{key} 未填写；请填写，或把 channels.mas.enabled 设为 false")
    return Mas(section, wire, clock)
