"""What the gateways do wrong in the demo, so that ladder, silence and settling have work to do."""

from typing import Any

from notifier.sandbox.demo.terms import Terms

_SMS_RATES = {
    "throttle": 0.01,
    "http_500": 0.005,
    "reset_after": 0.008,
    "reset_mid_body": 0.004,
    "receipt_early": 0.002,
    "receipt_lost": 0.004,
    "receipt_silent": 0.002,
    "receipt_late": 0.004,
    "receipt_doubled": 0.01,
    "receipt_unknown": 0.001,
}
# requests that go wrong whatever the dice say, so that a small county meets them too
_SMS_SCRIPT = ((), ("throttle",), ("reset_after",), (), ("http_500",), ("reset_mid_body",))
_WECHAT_RATES = {
    "reset_after": 0.002,
    "garbage_body": 0.001,
    "receipt_lost": 0.004,
    "receipt_late": 0.004,
    "receipt_doubled": 0.01,
}
_WECHAT_SCRIPT = ((), ("reset_after",))
_SMS_FAILING, _WECHAT_FAILING = 0.08, 0.04
_LATENCY_S = (0.02, 0.08)


def plans(terms: Terms) -> dict[str, dict[str, Any]]:
    """The plan of each gateway. Late receipts come when their message was already given up for silent."""
    late_by = terms.window.total_seconds() * 1.5
    always = {"latency": _LATENCY_S, "late_by": late_by}
    return {
        "aliyun": {
            "rates": _SMS_RATES, "script": _SMS_SCRIPT, "failing_share": _SMS_FAILING, **always,
        },
        "wechat": {
            "rates": _WECHAT_RATES, "script": _WECHAT_SCRIPT, "failing_share": _WECHAT_FAILING, **always,
        },
    }  # fmt: skip
