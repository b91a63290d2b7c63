"""New followers of the official account are told how to bind themselves, while WeChat lets them be answered."""

from datetime import timedelta

from notifier.domain.contracts import Clock, Replies
from notifier.store.greetings import anybody_to_greet, take_greetings
from notifier.store.ledger import Ledger

_WINDOW = timedelta(seconds=55)
"""WeChat lets a new follower be answered for one minute."""


async def greet(ledger: Ledger, replies: Replies, page: str, clock: Clock) -> int:
    """Everybody who followed within the last minute and is bound to nobody was sent the way to `page`; how many.

    Nobody is greeted twice for one follow. What WeChat refuses is not tried again: the menu leads there too.
    """
    if not await anybody_to_greet(ledger):
        return 0
    openids = await take_greetings(ledger, clock.now(), _WINDOW)
    for openid in openids:
        await replies.reply(openid, f"您好，欢迎关注。绑定以后，补贴发放会用微信告诉您，也能随时查自家的补贴：{page}")
    return len(openids)
