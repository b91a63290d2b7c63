"""The door to Aliyun SMS: builds with `protocol`, sends over the wire, reads with `protocol`. Nothing else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from notifier.channels.aliyun_sms.papers import read_sign, read_template, sign_call, template_call
from notifier.channels.aliyun_sms.protocol import (
    PAGE,
    Account,
    Answer,
    Call,
    days_of,
    details_call,
    read_answer,
    read_details,
    read_send,
    send_call,
)
from notifier.channels.aliyun_sms.pushes import ANSWER, read_push
from notifier.channels.aliyun_sms.signing import Credentials, Stamp
from notifier.channels.codes import read_sms_codes
from notifier.channels.pace import Pace
from notifier.channels.verdicts import NOT_SENT_DELAY, unwritable
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, Paper, Push, TokenStore
from notifier.domain.errors import ConfigError
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import Absent, Found, NoAnswer, Outcome, Postponed, Settlement, Unsure
from notifier.wire import Lost, NotSent, Wire

_CODES = Path(__file__).with_name("codes.csv")
_MOST_PAGES = 20  # a phone with a thousand messages a day is not a household's


def _fresh_nonce() -> str:
    return uuid4().hex


class AliyunSms:
    """One account; see `Channel` for what its methods promise. `nonce` gives a number never used before."""

    name = "aliyun_sms"
    medium = Medium.SMS
    batch_size = 100
    one_text_a_call = False
    receipts_kept = timedelta(days=30)

    def __init__(
        self, section: settings.AliyunSms, wire: Wire, clock: Clock, nonce: Callable[[], str] = _fresh_nonce
    ) -> None:
        keys = Credentials(section.access_key_id, section.access_key_secret.get_secret_value())
        self._account = Account(section.endpoint, section.region_id, section.sign_name, keys, section.signature)
        self._codes = read_sms_codes(_CODES, section.codes_file)
        self._pace = Pace(section.calls_per_second)
        self._wire = wire
        self._clock = clock
        self._nonce = nonce

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """See `Channel.send`. A batch refused for one letter's sake is Postponed("batch_refused:…", 0) throughout."""
        await self._pace.turn(first=letters[0].is_awaited)
        try:
            call = send_call(self._account, letters, out_id, self._stamp())
        except ValueError:
            return unwritable(len(letters))
        try:
            answer = await self._answer(call)
        except NotSent as error:
            return [Postponed(f"not_sent:{error.code}", NOT_SENT_DELAY)] * len(letters)
        except Lost as error:
            return [Unsure(error.code)] * len(letters)
        return [read_send(answer, len(letters), call, self._codes, self._clock.now())] * len(letters)

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """See `Channel.ask`. Absent only when every day that may hold the message was read to its end."""
        unanswered: NoAnswer | None = None
        for day in days_of(sent_at):
            settled = await self._ask_day(letter.address, out_id, day)
            if isinstance(settled, Found):
                return settled
            if isinstance(settled, NoAnswer):
                unanswered = unanswered or settled
        return unanswered or Absent()

    async def _ask_day(self, phone: str, out_id: str, day: date) -> Settlement:
        for page in range(1, _MOST_PAGES + 1):
            await self._pace.turn()
            try:
                answer = await self._answer(details_call(self._account, phone, day, page, self._stamp()))
            except (NotSent, Lost) as error:
                return NoAnswer(error.code)
            read = read_details(answer, out_id, self._codes)
            if read is None:
                return NoAnswer(answer.code if answer.code != "OK" else "garbage")
            found, n_messages = read
            if found is not None:
                return found
            if n_messages <= page * PAGE:
                return Absent()
        return NoAnswer("too_many_pages")

    async def papers(self, templates: Mapping[str, str]) -> Sequence[Paper]:
        """See `ShowsPapers.papers`."""
        found = [read_sign(await self._asked(sign_call(self._account, self._stamp())), self._account.sign_name)]
        for template, content in templates.items():
            answer = await self._asked(template_call(self._account, template, self._stamp()))
            found.append(read_template(answer, template, content))
        return found

    async def _asked(self, call: Call) -> Answer:
        await self._pace.turn()
        try:
            return await self._answer(call)
        except (NotSent, Lost) as error:
            return Answer(error.code, "", {}, readable=False)

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """See `Channel.read_push`. Aliyun signs nothing: the secret path of the callback is the only guard."""
        return read_push(push, self._codes, self._account.keys.secret)

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        """See `Channel.answer_push`."""
        return ANSWER

    async def _answer(self, call: Call) -> Answer:
        reply = await self._wire.post(call.url, body=call.body, headers=call.headers)
        return read_answer(reply.status, reply.body)

    def _stamp(self) -> Stamp:
        return Stamp(self._clock.now(), self._nonce())


def build(channels: settings.Channels, wire: Wire, tokens: TokenStore, clock: Clock) -> Channel:
    """The channel of section `channels.aliyun_sms`. Raises ConfigError for a section that cannot work."""
    section = channels.aliyun_sms
    needed = {
        "access_key_id": section.access_key_id,
        "access_key_secret": section.access_key_secret.get_secret_value(),
        "sign_name": section.sign_name,
    }
    for key, value in needed.items():
        if not value:
            raise ConfigError(f"channels.aliyun_sms.{key} 未填写；请填写，或把 channels.aliyun_sms.enabled 设为 false")
    return AliyunSms(section, wire, clock)
