"""Who opens our page inside WeChat: the way there, and the openid that a code stands for. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from notifier.channels.wechat.protocol import Unreadable, below
from notifier.domain.errors import InputError, ProviderNonsense

_STATE = re.compile(r"[a-zA-Z0-9]{1,128}")
_OPENID = re.compile(r"[\x21-\x7e]{1,128}")
_VISITORS_FAULT: Mapping[int, str] = {
    40029: "授权码无效或已过期，请从公众号菜单重新进入",
    40163: "授权码已经用过，请从公众号菜单重新进入",
    40226: "微信判定该账号有风险，不能在这里绑定；请到村委会办理",
    41008: "链接缺少授权码，请从公众号菜单重新进入",
}


def authorize_url(open_base: str, appid: str, redirect_uri: str, state: str) -> str:
    """Where a visitor is sent to; WeChat comes back to `redirect_uri` with code and state, silently (snsapi_base).

    The order of the parameters matters to WeChat. Raises InputError for a state other than 1 to 128 letters and digits.
    """
    if not _STATE.fullmatch(state):
        raise InputError("网页授权的 state 应为 1 至 128 位字母或数字")
    asked = f"appid={appid}&redirect_uri={quote(redirect_uri, safe='')}&response_type=code&scope=snsapi_base"
    return below(open_base, f"connect/oauth2/authorize?{asked}&state={state}#wechat_redirect")


def exchange_url(api_base: str, appid: str, secret: str, code: str) -> str:
    """Where a code, which works once within five minutes, is exchanged. It holds the secret: never log it."""
    asked = {"appid": appid, "secret": secret, "code": code, "grant_type": "authorization_code"}
    return below(api_base, f"sns/oauth2/access_token?{urlencode(asked)}")


def read_visitor(fields: Mapping[str, Any]) -> str:
    """The visitor's openid.

    Raises InputError for a code that does not work and for a virtual (快照页) account, which must not be bound;
    ProviderNonsense when WeChat refuses the account or says something else.
    """
    errcode = fields["errcode"]
    if errcode in _VISITORS_FAULT:
        raise InputError(_VISITORS_FAULT[errcode])
    if errcode != 0:
        raise ProviderNonsense(f"网页授权失败：errcode {errcode}；请核对 channels.wechat 的 appid 与 secret")
    if fields.get("is_snapshotuser"):
        raise InputError("当前是微信快照页，不是本人账号；请点右下角“使用完整服务”后重试")
    openid = fields.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        raise Unreadable("garbage")
    return openid
