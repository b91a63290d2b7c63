"""menu/create: at most three buttons, each a page's address or a key, with names that fit."""

from collections.abc import Mapping
from typing import Any

from notifier.sandbox.wechat.refusals import refusal

_MOST_BUTTONS = 3
_LONGEST_NAME = 16
_NEEDED = {"view": "url", "click": "key"}


def read_menu(given: Any) -> list[dict[str, str]]:
    """The buttons. Raises WeChatRefusal 40016 (number), 40017 (type), 40018 (name), 40019 (key) or 40020 (url)."""
    buttons = given.get("button") if isinstance(given, Mapping) else None
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _MOST_BUTTONS:
        raise refusal(40016)
    return [_button(one) for one in buttons]


def _button(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or given.get("type") not in _NEEDED:
        raise refusal(40017)
    name, needed = given.get("name"), _NEEDED[given["type"]]
    if not isinstance(name, str) or not 0 < len(name.encode()) <= _LONGEST_NAME:
        raise refusal(40018)
    value = given.get(needed)
    if not isinstance(value, str) or not value:
        raise refusal(40020 if needed == "url" else 40019)
    return {"type": given["type"], "name": name, needed: value}
