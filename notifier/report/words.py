"""What levels, reasons, media and states are called in Chinese."""

from collections.abc import Mapping

from notifier.domain.lifecycle import CampaignState, Level
from notifier.domain.messages import Medium
from notifier.domain.outcomes import REASON_TEXT

LEVEL_TEXT: Mapping[str, str] = {
    Level.ACCEPTED.value: "网关已接收",
    Level.HANDSET.value: "已到达手机",
    Level.ACKNOWLEDGED.value: "本人已确认",
}

MEDIUM_TEXT: Mapping[str, str] = {Medium.SMS.value: "短信", Medium.WECHAT.value: "微信"}

CAMPAIGN_TEXT: Mapping[str, str] = {
    CampaignState.DRAFT.value: "草稿",
    CampaignState.IN_REVIEW.value: "待审核",
    CampaignState.RETURNED.value: "退回修改",
    CampaignState.APPROVED.value: "已批准，待发送",
    CampaignState.RUNNING.value: "发送中",
    CampaignState.PAUSED.value: "已暂停",
    CampaignState.FINISHED.value: "已完成",
    CampaignState.CANCELLED.value: "已取消",
}

VISIT_TEXT: Mapping[str, str] = {
    "open": "待入户",
    "signed": "已签收",
    "excuse_asked": "待复核",
    "excused": "免予通知",
    "overtaken": "回执已到",
}

_REASON_TEXT: Mapping[str, str] = {reason.value: words for reason, words in REASON_TEXT.items()}


def reason_text(reason: str | None) -> str:
    """The Chinese word of a reason; a code that is not a Reason stands for itself."""
    if not reason:
        return "未注明"
    return _REASON_TEXT.get(reason, reason)
