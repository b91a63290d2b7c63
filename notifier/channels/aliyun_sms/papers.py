"""What Aliyun says of the account's signature and templates (QuerySmsSign, QuerySmsTemplate); pure."""

from collections.abc import Mapping

from notifier.channels.aliyun_sms.protocol import Account, Answer, Call, signed_call
from notifier.channels.aliyun_sms.signing import Stamp
from notifier.domain.contracts import Paper

_PENDING, _APPROVED, _REFUSED, _WITHDRAWN = "0", "1", "2", "10"
_STATE_TEXT: Mapping[str, str] = {
    _PENDING: "审核中，通过前不能发送",
    _APPROVED: "已通过",
    _REFUSED: "未通过，请按原因修改后重新申请",
    _WITHDRAWN: "已取消审核，请重新申请",
}


def sign_call(account: Account, stamp: Stamp) -> Call:
    """Asks about the signature that every message carries."""
    return signed_call(account, "QuerySmsSign", {"SignName": account.sign_name}, stamp)


def template_call(account: Account, template: str, stamp: Stamp) -> Call:
    """Asks about one template."""
    return signed_call(account, "QuerySmsTemplate", {"TemplateCode": template}, stamp)


def read_sign(answer: Answer, sign_name: str) -> Paper:
    """The signature's state; one that the account does not have is unusable."""
    return _paper(f"签名 {sign_name}", answer, "SignStatus")


def read_template(answer: Answer, template: str, content: str) -> Paper:
    """The template's state; unusable too when its approved text is not the one that we fill."""
    paper = _paper(f"模板 {template}", answer, "TemplateStatus")
    approved = str(answer.fields.get("TemplateContent", content))
    if paper.is_usable and _folded(approved) != _folded(content):
        return Paper(paper.what, False, "审核通过的内容与 config/texts.toml 中的不同，请改成一致")
    return paper


def _paper(what: str, answer: Answer, field: str) -> Paper:
    if not answer.readable or answer.code != "OK":
        return Paper(what, False, f"通道答复 {answer.code}；请在控制台核对名称、编号和权限")
    state = str(answer.fields.get(field, ""))
    return Paper(what, state == _APPROVED, _STATE_TEXT.get(state, f"未知的审核状态 {state[:8]}"))


def _folded(text: str) -> str:
    return "".join(text.split()).replace("\uff0c", ",").replace("\uff1a", ":")
