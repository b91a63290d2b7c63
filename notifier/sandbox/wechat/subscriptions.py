"""message/subscribe/bizsend: subscription notices, to whoever accepted the template; nothing tells repeats apart."""

from collections.abc import Mapping
from typing import Any

from notifier.sandbox.mischief import Mishap
from notifier.sandbox.wechat.consents import Consents
from notifier.sandbox.wechat.followers import is_openid
from notifier.sandbox.wechat.refusals import refusal
from notifier.sandbox.wechat.sending import TemplateSending, render


class SubscriptionSending:
    """The account's subscription notices; they are accepted and reported as template messages are."""

    def __init__(self, consents: Consents, sending: TemplateSending) -> None:
        self._consents = consents
        self._sending = sending

    async def send(self, given: Any, drawn: frozenset[Mishap]) -> None:
        """The notice is in the record, once for each call. Raises WeChatRefusal, and then nothing was accepted.

        Who left the account gets it all the same, among the service notices.
        """
        if not isinstance(given, Mapping):
            raise refusal(47001)
        openid, template = given.get("touser"), self._consents.templates.get(str(given.get("template_id")))
        if not isinstance(openid, str) or not is_openid(openid):
            raise refusal(40003)
        if template is None:
            raise refusal(40037)
        text = render(template, given.get("data"))
        self._sending.note_link(openid, given.get("page"))
        self._consents.spend(openid, template.template_id)
        await self._sending.accept(openid, (template.template_id, "", text), self._sending.next_msgid(), drawn)
