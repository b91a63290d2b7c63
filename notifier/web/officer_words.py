"""Why a notice did not arrive, as one would say it to a village officer, and what helps."""

from collections.abc import Mapping

from notifier.domain.outcomes import Reason
from notifier.report.words import reason_text

PLAIN: Mapping[str, str] = {
    Reason.NO_CONTACT: "没有登记电话，也没有绑定微信。请当面告知，并补登号码。",
    Reason.DEAD_NUMBER: "登记的号码是空号。请问清现在的号码并更正。",
    Reason.SUSPENDED: "手机停机了，短信收不到。请当面告知或打家里其他人的电话。",
    Reason.SWITCHED_OFF: "手机一直关机或没有信号。可换个时间打电话，或当面告知。",
    Reason.WRONG_NUMBER: "接到短信的人说打错了。请问清号码并更正。",
    Reason.BLOCKED: "手机拦截了我们的短信。请当面告知。",
    Reason.NOT_FOLLOWING: "已经不关注公众号了。请当面或电话告知。",
    Reason.OPTED_OUT: "本人回复过退订，不再发政策短信。请当面告知。",
    Reason.CONTENT: "短信内容被拦截，没有发出去。请当面或电话告知。",
    Reason.UNFILED: "短信没能发往这家运营商。请当面或电话告知。",
    Reason.LIMITED: "当天短信太多，超过了次数。请当面或电话告知。",
    Reason.GATEWAY: "短信通道出了故障。请当面或电话告知。",
    Reason.SILENT: "短信发出了，但一直没有送达回执。请打电话问问收到没有。",
    Reason.UNSETTLED: "不确定短信发出去没有，系统不会重复发。请打电话问问收到没有。",
    Reason.UNKNOWN: "没有送达，原因不明。请当面或电话告知。",
    Reason.LOST: "上次没有找到这一户。请再打听去向。",
    Reason.AWAY: "上次全家都不在。可打电话告知。",
}
"""A sentence for each reason that can leave a visit."""


def plain_reason(reason: str) -> str:
    """The sentence of a reason; a code that has none is told by its word."""
    return PLAIN.get(reason) or f"没有送达（{reason_text(reason)}）。请当面或电话告知。"
