"""The account's menu: the ways to a farmer's own pages. Pure."""

from notifier.domain.errors import InputError

ASK = "ask"
"""The key of the button that opens a minute for questions; pressing it lets people be answered."""


def menu_fields(public_url: str) -> dict[str, object]:
    """The body of menu/create. Raises InputError when people's phones could not open the pages."""
    root = public_url.rstrip("/")
    if not root.startswith(("http://", "https://")):
        raise InputError("web.public_url 应以 http:// 或 https:// 开头;请填写农户手机能打开的网址")
    return {
        "button": [
            {"type": "view", "name": "我的补贴", "url": f"{root}/wechat/mine"},
            {"type": "view", "name": "绑定微信", "url": f"{root}/wechat/bind"},
            {"type": "click", "name": "我要咨询", "key": ASK},
        ]
    }
