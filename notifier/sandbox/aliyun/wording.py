"""What an SMS may say: templates with ${variables}, the rules of their values, the final text."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from notifier.sandbox.aliyun import refusals
from notifier.sandbox.segments import utf16_length
from notifier.sandbox.settings import SmsKind, SmsTemplate

VALUE_LIMIT = 35
_VARIABLE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_]*)\}")
_CAPTCHA = re.compile(r"[A-Za-z0-9]{4,6}", re.ASCII)
_URL = re.compile(r"(?:https?|ftp)://|www\.|\b[a-z0-9-]+\.(?:com|cn|net|org|gov|top|vip|cc|io|me)\b", re.I | re.ASCII)
# pictures only: rare names need the ideographs beyond the basic plane
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")


class Wording:
    """One template, ready to render many messages."""

    def __init__(self, template: SmsTemplate) -> None:
        self.template = template
        pieces = _VARIABLE.split(template.content)
        self._fixed = pieces[::2]
        self.variables = tuple(pieces[1::2])

    def render(self, sign: str, values: Any) -> str:
        """Full text with 【signature】. Raises BusinessRefusal for values that break a rule.

        `values` is what the caller's JSON held: a mapping of strings, or None when it was left out.
        """
        if not self.variables:
            return f"【{sign}】{self._fixed[0]}"
        if values is None:
            raise refusals.variable_missing()
        if not isinstance(values, Mapping):
            raise refusals.json_illegal()
        parts = [f"【{sign}】", self._fixed[0]]
        for variable, fixed in zip(self.variables, self._fixed[1:], strict=True):
            if variable not in values:
                raise refusals.variable_missing()
            parts += (self._value(values[variable]), fixed)
        return "".join(parts)

    def _value(self, value: Any) -> str:
        if not isinstance(value, str):
            raise refusals.json_illegal()
        refuse = _fault_of(value, self.template.kind is SmsKind.CAPTCHA)
        if refuse is not None:
            raise refuse()
        return value


@lru_cache(maxsize=8192)  # a broadcast repeats its item, period and telephone in every message
def _fault_of(value: str, is_captcha: bool) -> Callable[[], refusals.BusinessRefusal] | None:
    if not value.strip() or "【" in value or "】" in value:
        return refusals.variable_illegal
    if utf16_length(value) > VALUE_LIMIT:
        return refusals.variable_too_long
    if is_captcha and not _CAPTCHA.fullmatch(value):
        return refusals.variable_illegal
    if _URL.search(value):
        return refusals.variable_with_url
    return refusals.variable_unsupported if _EMOJI.search(value) else None
