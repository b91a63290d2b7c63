"""Reads SendSms and SendBatchSms into letters: one number, one finished text each. Refuses what the product refuses."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from notifier.sandbox.aliyun import refusals
from notifier.sandbox.aliyun.wording import Wording
from notifier.sandbox.settings import AliyunSettings, Approval, BatchMode, SmsKind

SEND_LIMIT, BATCH_LIMIT, OUT_ID_LIMIT = 1000, 100, 256
_MAINLAND = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)
_ABROAD = re.compile(r"(?:\+|00)?([1-9]\d{5,14})", re.ASCII)


class Letter(NamedTuple):
    """A message that may be accepted; `fault` is what its receipt will say when only this number is bad."""

    phone: str
    sign: str
    text: str
    fault: str = ""


class Mailbag(NamedTuple):
    """What one request asks for."""

    wording: Wording
    out_id: str
    letters: list[Letter]


class LetterReader:
    """Knows the account's signatures and templates."""

    def __init__(self, settings: AliyunSettings) -> None:
        self._keeps_going = settings.batch_mode is BatchMode.RECEIPT
        self._signs = {sign.name for sign in settings.signs if sign.status is Approval.APPROVED}
        self._wordings = {
            template.code: Wording(template) for template in settings.templates if template.status is Approval.APPROVED
        }

    def read_single(self, given: Mapping[str, str]) -> Mailbag:
        """SendSms: up to 1,000 numbers, one text. Raises PopRefusal or BusinessRefusal."""
        _demand(given, "PhoneNumbers", "SignName", "TemplateCode")
        numbers = given["PhoneNumbers"].split(",")
        if len(numbers) > SEND_LIMIT:
            raise refusals.too_many_numbers()
        wording = self._wording(given["TemplateCode"])
        sign = self._sign(given["SignName"])
        raw = given.get("TemplateParam", "")
        text = wording.render(sign, _json(raw) if raw else None)
        letters = [self._letter(number, sign, text, wording) for number in numbers]
        return Mailbag(wording, _out_id(given), letters)

    def read_batch(self, given: Mapping[str, str]) -> Mailbag:
        """SendBatchSms: up to 100 numbers, a signature and values each. Raises PopRefusal or BusinessRefusal."""
        _demand(given, "PhoneNumberJson", "SignNameJson", "TemplateCode")
        numbers = _array(given["PhoneNumberJson"])
        signs = _array(given["SignNameJson"])
        if len(numbers) > BATCH_LIMIT:
            raise refusals.too_many_numbers()
        wording = self._wording(given["TemplateCode"])
        raw = given.get("TemplateParamJson", "")
        if not raw and wording.variables:
            raise refusals.variable_missing()
        values = _array(raw) if raw else [None] * len(numbers)
        extended = given.get("SmsUpExtendCodeJson", "")
        lengths = {len(signs), len(values), len(_array(extended)) if extended else len(numbers)}
        if not numbers or lengths != {len(numbers)}:
            raise refusals.json_illegal()
        letters = [
            self._letter(number, name, wording.render(self._sign(name), value), wording)
            for number, name, value in zip(numbers, signs, values, strict=True)
        ]
        return Mailbag(wording, _out_id(given), letters)

    def _letter(self, number: Any, sign: str, text: str, wording: Wording) -> Letter:
        try:
            return Letter(_phone(number, wording), sign, text)
        except refusals.BusinessRefusal as refusal:
            if not (self._keeps_going and isinstance(number, str)):
                raise
            return Letter(number.strip()[:32], sign, text, refusal.code)

    def _sign(self, name: Any) -> str:
        if not isinstance(name, str):
            raise refusals.json_illegal()
        if name not in self._signs:
            raise refusals.sign_illegal()
        return name

    def _wording(self, code: str) -> Wording:
        if (wording := self._wordings.get(code)) is None:
            raise refusals.template_illegal()
        return wording


def _phone(number: Any, wording: Wording) -> str:
    if not isinstance(number, str):
        raise refusals.json_illegal()
    mainland = _MAINLAND.fullmatch(number.strip())
    if wording.template.kind is not SmsKind.INTERNATIONAL:
        if mainland is None:
            raise refusals.number_illegal()
        return mainland[1]
    if mainland is not None:
        raise refusals.domestic_number()
    if (abroad := _ABROAD.fullmatch(number.strip())) is None:
        raise refusals.number_illegal()
    return abroad[1]


def _demand(given: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not given.get(name):
            raise refusals.missing(name)


def _out_id(given: Mapping[str, str]) -> str:
    out_id = given.get("OutId", "")
    if len(out_id) >= OUT_ID_LIMIT:
        raise refusals.parameter_invalid()
    return out_id


def _json(raw: str) -> Any:
    try:
        return orjson.loads(raw)
    except (orjson.JSONDecodeError, UnicodeEncodeError):  # the second for a lone surrogate
        raise refusals.json_illegal() from None


def _array(raw: str) -> list[Any]:
    found = _json(raw)
    if not isinstance(found, list):
        raise refusals.json_illegal()
    return found
