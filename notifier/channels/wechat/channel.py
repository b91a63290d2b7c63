"""The door to WeChat template messages. One letter a call; a repeat inside ten minutes is told apart by WeChat."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wechatpy.exceptions import WeChatClientException

from notifier.channels.codes import Kind, read_codes
from notifier.channels.verdicts import NOT_SENT_DELAY, unwritable
from notifier.channels.wechat.client import WireClient
from notifier.channels.wechat.keywords import fault, fitted
from notifier.channels.wechat.protocol import RESEND_WINDOW, SEND, Unreadable, read_sent, send_fields
from notifier.channels.wechat.pushes import ANSWER, Keys, check_signature, read_push
from notifier.channels.wechat.tokens import Tokens, TokenUnavailable
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, Push, TokenStore
from notifier.domain.errors import ConfigError, InputError
from notifier.domain.messages import Inbound, Letter, Medium
from notifier.domain.outcomes import Accepted, Found, NoAnswer, Outcome, Postponed, Settlement, Unsure
from notifier.wire import Lost, NotSent, Wire

_CODES = Path(__file__).with_name("codes.csv")
_KEY_BYTES = 32


class Wechat:
    """One official account; see `Channel` for what its methods promise."""

    name = "wechat"
    medium = Medium.WECHAT
    batch_size = 1
    one_text_a_call = False

    def __init__(self, section: settings.Wechat, wire: Wire, tokens: TokenStore, clock: Clock) -> None:
        token, aes_key = section.token.get_secret_value(), section.aes_key.get_secret_value()
        self._keys = Keys(section.appid, token, aes_key, section.push_age)
        self._codes = read_codes(_CODES, section.codes_file)
        self._client = WireClient(section, wire, Tokens(section, wire, tokens, clock, self._codes))
        self._clock = clock

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """See `Channel.send`. `out_id` is the client_msg_id; a value that breaks its variable's rule never leaves.

        A call whose access token is not taken was not executed, and is made once more with a renewed one.
        """
        return [await self._sent(letter, out_id) for letter in letters]

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """See `Channel.ask`. WeChat cannot be asked; but inside ten minutes it takes one client_msg_id only once.

        So the same call is made again: accepted, the person has the message once, whichever copy it was. Later, and
        for any other answer, NoAnswer.
        """
        if self._clock.now() - sent_at > RESEND_WINDOW:
            return NoAnswer("window_over")
        outcome = await self._sent(letter, out_id)
        if isinstance(outcome, Accepted):
            return Found(outcome.provider_ref, None, "resent", None, None)
        if self._codes.of(outcome.code).kind is Kind.DUPLICATE:
            return Found("", None, outcome.code, None, None)
        return NoAnswer(outcome.code)

    async def _sent(self, letter: Letter, out_id: str) -> Outcome:
        parameters = fitted(letter.parameters)
        wrong = fault(parameters)
        if wrong is not None:
            return self._codes.outcome(f"keyword:{wrong}", self._clock.now())
        fields = send_fields(letter, parameters, out_id)
        try:
            answer: Mapping[str, Any] = await self._client.post(SEND, data=fields)
            return read_sent(answer)
        except TokenUnavailable as error:
            return error.outcome
        except NotSent as error:
            return Postponed(f"not_sent:{error.code}", NOT_SENT_DELAY)
        except (Lost, Unreadable) as error:
            return Unsure(error.code)
        except WeChatClientException as error:
            return self._codes.outcome(str(error.errcode), self._clock.now())
        except ValueError:
            return unwritable(1)[0]

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """See `Channel.read_push`."""
        return read_push(push, self._keys, self._codes)

    def answer_push(self, push: Push) -> tuple[int, str, str]:
        """See `Channel.answer_push`."""
        return ANSWER

    def verify_url(self, query: Mapping[str, str]) -> str | None:
        """The text/plain body that answers WeChat's GET when a callback's address is saved; None for a stranger's."""
        try:
            check_signature(query, self._keys, self._clock.now())
        except InputError:
            return None
        return query.get("echostr")


def build(channels: settings.Channels, wire: Wire, tokens: TokenStore, clock: Clock) -> Channel:
    """The channel of section `channels.wechat`. Raises ConfigError for a section that cannot work."""
    section = channels.wechat
    needed = {
        "appid": section.appid,
        "secret": section.secret.get_secret_value(),
        "token": section.token.get_secret_value(),
    }
    for key, value in needed.items():
        if not value:
            raise ConfigError(f"channels.wechat.{key} 未填写；请填写，或把 channels.wechat.enabled 设为 false")
    if not _is_aes_key(section.aes_key.get_secret_value()):
        raise ConfigError("channels.wechat.aes_key 应为公众平台给出的 43 位 EncodingAESKey，明文模式请留空")
    return Wechat(section, wire, tokens, clock)


def _is_aes_key(text: str) -> bool:
    try:
        return not text or len(base64.b64decode(text + "=", validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False
