"""How Tencent says no: an Error for the whole call, or a Code in the status of one number. Always HTTP 200."""

from collections.abc import Callable


class TencentRefusal(Exception):
    """The whole call is refused; nothing of it was accepted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def _refusal(code: str, message: str) -> Callable[[], TencentRefusal]:
    return lambda: TencentRefusal(code, message)


def missing(name: str) -> TencentRefusal:
    return TencentRefusal("MissingParameter", f"The request is missing a required parameter `{name}`.")


def mistyped(name: str) -> TencentRefusal:
    return TencentRefusal("InvalidParameter", f"The value type of parameter `{name}` is not valid.")


method_unsupported = _refusal("UnsupportedProtocol", "Only POST with a JSON body is supported.")
action_unknown = _refusal("InvalidAction", "The request action is invalid or not found.")
version_unknown = _refusal("NoSuchVersion", "The specified version of the API does not exist.")
not_json = _refusal("InvalidParameter", "The request body is not a JSON object.")
authorization_malformed = _refusal("AuthFailure.InvalidAuthorization", "The Authorization header is malformed.")
key_unknown = _refusal("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
expired = _refusal("AuthFailure.SignatureExpire", "The provided credentials are expired: check the local time.")
signature_wrong = _refusal("AuthFailure.SignatureFailure", "The provided credentials could not be validated.")
throttled = _refusal("RequestLimitExceeded", "Your current request times exceeds the frequency limit.")
nobody = _refusal("MissingParameter.EmptyPhoneNumberSet", "The PhoneNumberSet is empty.")
too_many = _refusal("LimitExceeded.PhoneNumberCountLimit", "More than 200 phone numbers in one request.")
mixed = _refusal(
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", "Domestic and international numbers are mixed."
)
begin_wrong = _refusal("InvalidParameterValue.BeginTimeVerifyFail", "BeginTime is not within the last 7 days.")
end_wrong = _refusal("InvalidParameterValue.EndTimeVerifyFail", "EndTime lies before BeginTime.")
limit_wrong = _refusal("InvalidParameterValue.LimitVerifyFail", "Limit is not 1 to 100.")
offset_wrong = _refusal("InvalidParameterValue.OffsetVerifyFail", "Offset is fixed to 0.")
internal = _refusal("InternalError.OtherError", "Other errors.")

MESSAGES = {
    "Ok": "send success",
    "InvalidParameterValue.SdkAppIdNotExist": "sdkappid not exist",
    "FailedOperation.SignatureIncorrectOrUnapproved": "signature is incorrect or unapproved",
    "FailedOperation.TemplateIncorrectOrUnapproved": "template is incorrect or unapproved",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": "the parameters do not match the template",
    "InvalidParameterValue.TemplateParameterLengthLimit": "a template parameter is too long",
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": "a template parameter holds a URL",
    "InvalidParameterValue.IncorrectPhoneNumber": "incorrect phone number",
    "LimitExceeded.PhoneNumberThirtySecondLimit": "the number of SMS messages to a number within 30 seconds exceeds",
    "LimitExceeded.PhoneNumberOneHourLimit": "the number of SMS messages to a number within 1 hour exceeds",
    "LimitExceeded.PhoneNumberDailyLimit": "the number of SMS messages to a number within a day exceeds",
}
"""What stands beside each Code of a number's status."""
