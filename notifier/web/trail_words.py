"""The audit trail in words."""

from collections.abc import Mapping
from typing import Any

from notifier.accounts.roles import PERMISSION_TEXT, ROLE_TEXT

KIND_TEXT: Mapping[str, str] = {
    "login": "登录",
    "user.": "用户管理",
    "key.": "接口密钥",
    "password.": "修改密码",
    "totp.": "动态密码",
    "phone.": "手机号",
    "openid.": "微信",
    "sessions.": "结束登录",
    "campaign.": "通知任务",
    "draft.": "起草",
    "policy.": "政策",
    "disclosure.": "备案审核",
    "household.": "农户",
    "contact.": "联系方式",
    "correction.": "更正",
    "upload.": "导入",
    "payment.": "发放明细",
    "visit.": "入户",
    "visits.": "入户名单",
    "inquiry.": "咨询",
    "source.": "来源",
    "gateway.": "通道",
    "audit.": "审计",
}
"""How a deed's name begins -> what it is about; the choices of the filter, in their order."""

_DEED_TEXT: Mapping[str, str] = {
    "login": "登录成功",
    "login.refused": "登录被拒",
    "user.add": "新增用户",
    "user.duty": "修改角色或地区",
    "user.disabled": "停用用户",
    "user.enabled": "启用用户",
    "user.password": "重置密码",
    "user.unlocked": "解除锁定",
    "password.changed": "修改自己的密码",
    "totp.begun": "开始启用动态密码",
    "totp.enabled": "启用动态密码",
    "totp.dropped": "停用动态密码",
    "phone.code": "索取手机验证码",
    "phone.verified": "验证手机号",
    "phone.dropped": "删除手机号",
    "openid.verified": "绑定微信",
    "openid.dropped": "解除微信",
    "sessions.ended": "结束其他登录",
    "key.add": "新建接口密钥",
    "key.revoke": "撤销接口密钥",
    "campaign.launch": "启动通知任务",
    "campaign.pause": "暂停通知任务",
    "campaign.resume": "恢复通知任务",
    "campaign.cancel": "取消通知任务",
    "campaign.review": "审核通知任务",
    "campaign.submit": "提交审核",
    "campaign.retry": "重新通知",
    "campaign.any_hour": "允许任何时段发送",
    "draft.begin": "开始起草",
    "draft.save": "保存草稿",
    "draft.try": "试发",
    "policy.decide": "决定政策事项",
    "disclosure.file": "备案",
    "disclosure.import": "导入备案",
    "household.search": "查找农户",
    "household.reveal": "查看明文",
    "household.purge": "删除农户数据",
    "contact.correct": "更正号码",
    "correction.dismiss": "关闭更正任务",
    "upload.receive": "上传文件",
    "payment.resolve": "核对发放明细",
    "payment.refuse": "退回发放明细",
    "visits.shown": "查看入户名单明文",
    "visit.sign": "入户签收",
    "visit.absent": "登记未遇",
    "visit.photo": "上传入户照片",
    "visit.ask_excuse": "申请免予通知",
    "visit.confirm_excuse": "复核免予通知",
    "visit.decline_excuse": "驳回免予通知",
    "inquiry.add": "登记咨询",
    "inquiry.answer": "答复咨询",
    "inquiry.close": "办结咨询",
    "inquiry.reopen": "重新办理",
    "audit.shown": "查询审计",
    "audit.verified": "核对审计链",
}
DETAIL_TEXT: Mapping[str, str] = {
    "by": "方式",
    "campaign": "任务",
    "household": "农户",
    "inquiry": "咨询",
    "key": "密钥",
    "locked": "已锁定",
    "login": "登录",
    "n": "条数",
    "name": "用户",
    "payment": "明细",
    "permissions": "权限",
    "reason": "原因",
    "region": "地区",
    "role": "角色",
    "visit": "入户",
    "what": "类别",
    "why": "原因",
}
"""Keys of an entry's detail in words; another key stands as it is."""


_VALUE_TEXT: Mapping[str, Mapping[str, str]] = {
    "role": {role.value: words for role, words in ROLE_TEXT.items()},
    "permissions": {one.value: words for one, words in PERMISSION_TEXT.items()},
    "by": {"password": "密码", "totp": "动态密码", "recovery_code": "恢复码"},
    "what": KIND_TEXT,
}


def in_words(key: str, value: Any, names: Mapping[str, str]) -> str:
    """A value of an entry's detail as people say it; `names` has those of regions. "" for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(in_words(key, one, names) for one in value)
    if key == "region":
        return names.get(str(value), str(value))
    return _VALUE_TEXT.get(key, {}).get(str(value), str(value))


def deed_text(what: str) -> str:
    """What was done, in words; a deed that has none yet by what it is about and its own name."""
    if what in _DEED_TEXT:
        return _DEED_TEXT[what]
    about = next((words for begin, words in KIND_TEXT.items() if what.startswith(begin)), "")
    return f"{about} {what}".strip()
