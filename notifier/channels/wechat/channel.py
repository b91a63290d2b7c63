"""The door to a WeChat official account. One letter a call.

A template message's repeat inside ten minutes is told apart by WeChat; a subscription notice's never is.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from wechatpy.exceptions import WeChatClientException

from notifier.channels.code_classes import Kind
from notifier.channels.codes import read_codes
from notifier.channels.verdicts import NOT_SENT_DELAY, unwritable
from notifier.channels.wechat.client import WireClient
from notifier.channels.wechat.jssdk import TICKET, PageRights, Ticket, read_ticket, signed
from notifier.channels.wechat.keywords import fault, fitted
from notifier.channels.wechat.oauth import authorize_url, exchange_url, read_visitor
from notifier.channels.wechat.protocol import (
    RESEND_WINDOW,
    SEND,
    SUBSCRIPTION_SEND,
    Unreadable,
    read_fields,
    read_sent,
    read_subscription_sent,
    send_fields,
    subscription_fields,
)
from notifier.channels.wechat.pushes import ANSWER, Keys, check_signature, read_push, recognised
from notifier.channels.wechat.qr import Qr, qr_fields, read_qr
from notifier.channels.wechat.replies import CUSTOM_SEND, CountedReplies, reply_fields
from notifier.channels.wechat.tokens import Tokens, TokenUnavailable
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, Push, Replies, ReplyAllowance, TokenStore
from notifier.domain.errors import ConfigError, InputError, ProviderNonsense
from notifier.domain.messages import By, Inbound, Letter, Medium
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
        self._section = section
        self._wire = wire
        self._keys = Keys(section.appid, token, aes_key, section.push_age)
        self._codes = read_codes(_CODES, section.codes_file)
        self._client = WireClient(section, wire, Tokens(section, wire, tokens, clock, self._codes))
        self._clock = clock
        self._ticket: Ticket | None = None

    async def send(self, letters: Sequence[Letter], out_id: str) -> Sequence[Outcome]:
        """See `Channel.send`. `out_id` is the client_msg_id; a value that breaks its variable's rule never leaves.

        A call whose access token is not taken was not executed, and is made once more with a renewed one.
        """
        return [await self._sent(letter, out_id) for letter in letters]

    async def ask(self, letter: Letter, out_id: str, sent_at: datetime) -> Settlement:
        """See `Channel.ask`. WeChat cannot be asked; but inside ten minutes it takes one client_msg_id only once.

        So the same call is made again: accepted, the person has the message once, whichever copy it was. Later, and
        for any other answer, NoAnswer; and always for a subscription notice, which has no such id: its event decides.
        """
        if letter.by is By.SUBSCRIPTION:
            return NoAnswer("cannot_be_asked")
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
        if letter.by is By.SUBSCRIPTION:
            answer = await self._called(SUBSCRIPTION_SEND, subscription_fields(letter, parameters))
            return read_subscription_sent(answer) if isinstance(answer, dict) else answer
        answer = await self._called(SEND, send_fields(letter, parameters, out_id))
        return read_sent(answer) if isinstance(answer, dict) else answer

    async def _called(self, path: str, fields: Mapping[str, object]) -> dict[str, Any] | Outcome:
        """The fields of an answer of errcode 0, or what the call ended in instead."""
        try:
            answer: dict[str, Any] = await self._client.post(path, data=fields)
            return answer
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

    async def reply(self, openid: str, text: str) -> Outcome:
        """See `Replies.reply`; counts nothing itself, so use `replies`. 45015 and 45047 are Refused for the number."""
        answer = await self._called(CUSTOM_SEND, reply_fields(openid, text))
        return Accepted("") if isinstance(answer, dict) else answer

    def replies(self, allowance: ReplyAllowance) -> Replies:
        """Answers that are counted for all processes before they leave."""
        return CountedReplies(self.reply, allowance)

    async def qr(self, scene: str, lasts: timedelta | None = None) -> Qr:
        """A QR code of the scene, permanent without `lasts`. Raises InputError (scene, life) and ProviderNonsense."""
        fields = qr_fields(scene, lasts)
        answer = await self._called("qrcode/create", fields)
        if not isinstance(answer, dict):
            raise ProviderNonsense(f"微信没有给出二维码：{getattr(answer, 'code', '')}；请按代码表处理后重试")
        return read_qr(answer, self._section.picture_base, self._clock.now())

    async def page_rights(self, url: str) -> PageRights:
        """What the page at `url` shows WeChat so that its buttons work; the ticket is asked for once in two hours.

        Raises ProviderNonsense when WeChat gives no ticket.
        """
        now = self._clock.now()
        if self._ticket is None or self._ticket.until <= now:
            try:
                self._ticket = read_ticket(await self._client.get(TICKET, params={"type": "jsapi"}), now)
            except (TokenUnavailable, NotSent, Lost, Unreadable, WeChatClientException) as error:
                raise ProviderNonsense(f"微信没有给出页面票据（{type(error).__name__}），请稍后再试") from None
        return signed(self._ticket, self._section.appid, url, now)

    async def publish_menu(self, fields: Mapping[str, object]) -> None:
        """The account's menu is this one; phones show it within minutes. Raises ProviderNonsense. Safe to repeat."""
        answer = await self._called("menu/create", fields)
        if not isinstance(answer, dict):
            raise ProviderNonsense(f"微信没有收下菜单：{getattr(answer, 'code', '')}；请按代码表处理后重试")

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where a visitor of our page is sent so that WeChat says who it is. Raises InputError for a bad `state`."""
        return authorize_url(self._section.open_base, self._section.appid, redirect_uri, state)

    async def openid_of(self, code: str) -> str:
        """The openid of the visitor who came back with `code`; a code works once.

        Raises InputError (Chinese) for a code that does not work or a 快照页 visitor, else ProviderNonsense.
        """
        section = self._section
        url = exchange_url(section.api_base, section.appid, section.secret.get_secret_value(), code)
        try:
            reply = await self._wire.get(url)
        except (NotSent, Lost) as error:
            raise ProviderNonsense(f"网页授权没有得到答复（{error.code}），请重试") from None
        return read_visitor(read_fields(reply.status, reply.body))

    def read_push(self, push: Push) -> Sequence[Inbound]:
        """See `Channel.read_push`."""
        return read_push(push, self._keys, self._codes)

    def recognised(self, push: Push) -> Push:
        """See `Signing.recognised`."""
        return recognised(push, self._keys)

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
