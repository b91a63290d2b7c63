"""How the gateway says no: POP errors (HTTP 4xx, before the product) and business errors (HTTP 200, isv.*)."""

from collections.abc import Callable

RECOMMEND = "https://error-center.aliyun.com/status/search?Keyword={code}&source=PopGw"


class PopRefusal(Exception):
    """The gateway refuses the request before the SMS product sees it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status


class BusinessRefusal(Exception):
    """The SMS product refuses the request; nothing of it was accepted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def missing(parameter: str) -> PopRefusal:
    return PopRefusal(f"Missing{parameter}", f"{parameter} is mandatory for this action.")


def signature_mismatch(string_to_sign: str) -> PopRefusal:
    said = "Specified signature is not matched with our calculation. server string to sign is:"
    return PopRefusal("SignatureDoesNotMatch", said + string_to_sign)


def _pop(code: str, message: str, status: int = 400) -> Callable[[], PopRefusal]:
    return lambda: PopRefusal(code, message, status)


nonce_used = _pop("SignatureNonceUsed", "Specified signature nonce was used already.")
timestamp_expired = _pop("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
timestamp_malformed = _pop("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
key_unknown = _pop("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
key_inactive = _pop("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
action_unknown = _pop("InvalidAction.NotFound", "Specified api is not found, please check your url and method.", 404)
version_unknown = _pop("InvalidVersion", "Specified parameter Version is not valid.")
format_unknown = _pop("InvalidParameter.Format", "Specified parameter Format must be XML or JSON.")
signature_method_unknown = _pop("InvalidSignatureMethod", "Specified parameter SignatureMethod must be HMAC-SHA1.")
signature_version_unknown = _pop("InvalidSignatureVersion", "Specified parameter SignatureVersion must be 1.0.")
authorization_malformed = _pop("InvalidAuthorization", "The Authorization header is not well formatted.")
method_unsupported = _pop("UnsupportedHTTPMethod", "This http method is not supported.", 405)
throttled = _pop("Throttling.User", "Request was denied due to user flow control.")
internal_error = _pop("InternalError", "The request processing has failed due to some unknown error.", 500)


def repeated(parameter: str) -> PopRefusal:
    said = f"Parameter {parameter} is in the query and in the body with different values."
    return PopRefusal("InvalidParameter.Repeated", said)


def _business(code: str, message: str) -> Callable[[], BusinessRefusal]:
    return lambda: BusinessRefusal(code, message)


number_illegal = _business("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号")
too_many_numbers = _business("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制")
domestic_number = _business("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "国际/港澳台消息模板不支持发送境内号码")
template_illegal = _business("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板")
sign_illegal = _business("isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名")
json_illegal = _business("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为字符串值")
parameter_invalid = _business("isv.INVALID_PARAMETERS", "参数异常")
variable_missing = _business("isv.TEMPLATE_MISSING_PARAMETERS", "模板变量中存在未赋值变量")
variable_illegal = _business("isv.TEMPLATE_PARAMS_ILLEGAL", "模板变量里包含非法内容")
variable_too_long = _business("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制")
variable_with_url = _business("isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL")
variable_unsupported = _business("isv.UNSUPPORTED_CONTENT", "变量里包含不支持的字符")


def flow_limited(unit: str, permits: int) -> BusinessRefusal:
    """`unit` is 分钟, 小时 or 天."""
    return BusinessRefusal("isv.BUSINESS_LIMIT_CONTROL", f"触发{unit}级流控Permits:{permits}")
