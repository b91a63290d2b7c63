"""QuerySendDetails, QuerySmsTemplate, QuerySmsSign: what the account may ask about its messages and papers."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from notifier.sandbox.aliyun import refusals
from notifier.sandbox.beijing import BEIJING, beijing_text
from notifier.sandbox.handsets import ALIYUN, Received
from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import AliyunSettings

DAYS_KEPT = 30
WAITING_RECEIPT, SEND_FAILED, SEND_SUCCEEDED = 1, 2, 3
_CREATED = "2026-01-05 09:00:00"

Answer = dict[str, Any]


class Queries:
    """Answers from the handset record and the settings; changes nothing."""

    def __init__(self, settings: AliyunSettings, recorder: HandsetRecorder, clock: Callable[[], float]) -> None:
        self._recorder = recorder
        self._clock = clock
        self._templates = {template.code: template for template in settings.templates}
        self._signs = {sign.name: sign for sign in settings.signs}

    def send_details(self, given: Mapping[str, str]) -> Answer:
        """One number's messages of one Beijing day, newest first. Raises PopRefusal or BusinessRefusal."""
        for name in ("PhoneNumber", "SendDate", "PageSize", "CurrentPage"):
            if not given.get(name):
                raise refusals.missing(name)
        size, current = _number(given["PageSize"], 50), _number(given["CurrentPage"], 1_000_000)
        from_ms = self._day(given["SendDate"])
        phone = re.sub(r"^(?:\+?86|0086)(?=1\d{10}$)", "", given["PhoneNumber"])
        rows = self._recorder.to_address(ALIYUN, phone, from_ms, from_ms + 86_400_000)
        biz_id = given.get("BizId")
        found = [row for row in rows if not biz_id or row.provider_id == biz_id]
        details = [self._detail(row) for row in found[(current - 1) * size : current * size]]
        return {"TotalCount": str(len(found)), "SmsSendDetailDTOs": {"SmsSendDetailDTO": details}}

    def _day(self, text: str) -> int:
        if not re.fullmatch(r"\d{8}", text, re.ASCII):
            raise refusals.parameter_invalid()
        try:
            day = datetime.strptime(text, "%Y%m%d").replace(tzinfo=BEIJING)
        except ValueError:
            raise refusals.parameter_invalid() from None
        today = datetime.fromtimestamp(self._clock(), UTC).astimezone(BEIJING).date()
        if not 0 <= (today - day.date()).days <= DAYS_KEPT:
            raise refusals.parameter_invalid()
        return int(day.timestamp() * 1000)

    def _detail(self, row: Received) -> Answer:
        is_known = bool(row.result) and self._clock() * 1000 >= row.due_at_ms
        status = (SEND_SUCCEEDED if row.is_delivered else SEND_FAILED) if is_known else WAITING_RECEIPT
        return {
            "PhoneNum": row.address,
            "SendStatus": status,
            "ErrCode": row.result if is_known else "",
            "TemplateCode": row.template,
            "Content": row.text,
            "SendDate": beijing_text(row.at_ms),
            "ReceiveDate": beijing_text(row.due_at_ms) if is_known else "",
            "OutId": row.sender_key,
        }

    def sms_template(self, given: Mapping[str, str]) -> Answer:
        """State and text of one template."""
        if not (code := given.get("TemplateCode")):
            raise refusals.missing("TemplateCode")
        if (template := self._templates.get(code)) is None:
            raise refusals.template_illegal()
        return {
            "TemplateCode": template.code,
            "TemplateName": template.name,
            "TemplateType": int(template.kind),
            "TemplateStatus": int(template.status),
            "TemplateContent": template.content,
            "Reason": template.reason,
            "CreateDate": _CREATED,
        }

    def sms_sign(self, given: Mapping[str, str]) -> Answer:
        """State of one signature."""
        if not (name := given.get("SignName")):
            raise refusals.missing("SignName")
        if (sign := self._signs.get(name)) is None:
            raise refusals.sign_illegal()
        return {
            "SignName": sign.name,
            "SignStatus": int(sign.status),
            "Reason": sign.reason,
            "CreateDate": _CREATED,
        }


def _number(text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise refusals.parameter_invalid()
    return int(text)
