"""Provider card: WeChat official account (微信服务号): template messages, subscription notices, answers.

* auth: done - AppID and AppSecret give an access token of two hours (stable_token, shared, never forced)
* template approval: exempt because templates, also long-term 订阅通知, are chosen in WeChat's console
* rate: done - 100,000 a day by default (45009 waits for midnight), a quota a minute (45011 waits for a minute)
* length: done - the rule of each variable's kind is checked before sending (`keywords`)
* receipts: done - TEMPLATESENDJOBFINISH or subscribe_msg_sent_event in seconds, 3 attempts of 5 s; nothing to ask
* signature: done - sha1 over token, timestamp and nonce, and its age; AES mode is opened and its own mac checked
* idempotency: done - client_msg_id, ten minutes, settles an unsure template message; a subscription notice has none
* error docs: done - developers.weixin.qq.com 全局返回码 and the pages of template/send, in codes.csv
* sandbox: done - our own stand-in; WeChat offers a test account (接口测试号)
* price: done - free
"""

from collections.abc import Mapping

from notifier.channels.wechat.channel import Wechat, build
from notifier.domain.contracts import Channel

__all__ = ["Wechat", "build", "official_account"]


def official_account(channels: Mapping[str, Channel]) -> Wechat | None:
    """The official account among the open channels, or None where there is none."""
    found = channels.get(Wechat.name)
    return found if isinstance(found, Wechat) else None
