"""Reads SendSms: one text, up to 200 numbers, and what the product says of each number by itself."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from notifier.sandbox.numbered import filled, n_variables
from notifier.sandbox.segments import utf16_length
from notifier.sandbox.tencent import refusals
from notifier.sandbox.tencent.settings import TencentSettings

SEND_LIMIT, CONTEXT_LIMIT = 200, 512
_MAINLAND = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)
_URL = re.compile(r"https?://|www\.", re.I)


class Mailbag(NamedTuple):
    """What one request asks for. `fault` is the Code that every number gets instead of the text."""

    numbers: Sequence[str]
    template: str
    text: str
    session_context: str
    fault: str


class LetterReader:
    """Knows the account's applications, signatures and templates."""

    def __init__(self, settings: TencentSettings) -> None:
        self._settings = settings
        self._templates = {template.template_id: template for template in settings.templates if template.approved}

    def read(self, given: Mapping[str, Any]) -> Mailbag:
        """Raises TencentRefusal for a request that is none; a wrong text is a fault of every number [choice]."""
        numbers = _texts(given, "PhoneNumberSet")
        if not numbers:
            raise refusals.nobody()
        if len(numbers) > SEND_LIMIT:
            raise refusals.too_many()
        if len({_is_abroad(number) for number in numbers}) > 1:
            raise refusals.mixed()
        app, template = _text(given, "SmsSdkAppId"), _text(given, "TemplateId")
        sign, context = _text(given, "SignName", ""), _text(given, "SessionContext", "")
        values = _texts(given, "TemplateParamSet", [])
        if len(context.encode("utf-8", "replace")) >= CONTEXT_LIMIT:
            raise refusals.mistyped("SessionContext")
        fault = self._fault(app, sign, template, values)
        text = "" if fault else f"【{sign}】{filled(self._templates[template].content, values)}"
        return Mailbag(numbers, template, text, context, fault)

    def _fault(self, app: str, sign: str, template: str, values: Sequence[str]) -> str:
        if app not in self._settings.apps:
            return "InvalidParameterValue.SdkAppIdNotExist"
        if not self._settings.signs.get(sign, False):
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if (wording := self._templates.get(template)) is None:
            return "FailedOperation.TemplateIncorrectOrUnapproved"
        if len(values) != n_variables(wording.content):
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        if any(utf16_length(value) > self._settings.variable_most for value in values):
            return "InvalidParameterValue.TemplateParameterLengthLimit"
        if any(_URL.search(value) for value in values):
            return "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"
        return ""


def mainland(number: str) -> str | None:
    """The eleven digits of a mainland number in any of its four forms, or None."""
    found = _MAINLAND.fullmatch(number.strip())
    return found[1] if found else None


def _is_abroad(number: str) -> bool:
    return number.strip().startswith("+") and not number.strip().startswith("+86")


def _text(given: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = given.get(name, otherwise)
    if value is None:
        raise refusals.missing(name)
    if not isinstance(value, str):
        raise refusals.mistyped(name)
    return value


def _texts(given: Mapping[str, Any], name: str, otherwise: list[str] | None = None) -> list[str]:
    value = given.get(name, otherwise)
    if value is None:
        raise refusals.missing(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refusals.mistyped(name)
    return value
