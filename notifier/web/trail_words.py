"""The audit trail in words."""

from collections.abc import Mapping
from typing import Any

from notifier.accounts.roles import PERMISSION_TEXT, ROLE_TEXT
from notifier.campaigns.levels import LEVEL_TEXT
from notifier.domain.outcomes import REASON_TEXT
from notifier.report.words import CAMPAIGN_TEXT
from notifier.web.story_words import CHANGE_TEXT

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
    "filing.": "备案审核",
    "disclosure.": "公开清单",
    "household.": "农户",
    "contact.": "联系方式",
    "correction.": "更正",
    "upload.": "导入",
    "list.": "名单",
    "payment": "发放明细",
    "matching.": "识别结果",
    "follower.": "微信绑定",
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
    "campaign.void": "批准作废，退回起草人",
    "draft.begin": "开始起草",
    "draft.save": "保存草稿",
    "draft.try": "试发",
    "list.upload": "上传通知名单",
    "list.rejected": "取回名单中没有对上的行",
    "policy.decide": "决定政策事项",
    "policy.tell_version": "决定通知新版本",
    "policy.dismiss_version": "决定不通知新版本",
    "filing.file": "备案",
    "filing.audit": "审核通过",
    "filing.return": "退回整改",
    "filing.repeated": "修改后重新备案",
    "disclosure.file": "归入公开清单",
    "disclosure.import": "导入公开清单",
    "source.look": "立即查看来源",
    "source.date_item": "给事项补日期",
    "source.refuse_item": "不采用事项",
    "source.accept_list": "接受来源的新列表",
    "source.decide_draft": "决定附件草稿",
    "household.search": "查找农户",
    "household.reveal": "查看明文",
    "household.purge": "删除农户数据",
    "household.change": "更正农户资料",
    "contact.correct": "更正号码",
    "correction.dismiss": "关闭更正任务",
    "follower.bind": "农户绑定微信",
    "follower.unbind": "农户解除微信",
    "upload.receive": "上传文件",
    "upload.shown": "文件读完，待确认",
    "upload.saving": "确认导入",
    "upload.saved": "导入完成",
    "upload.failed": "导入没有完成",
    "upload.discarded": "丢弃上传的文件",
    "upload.rejected": "取回退回的行",
    "payment.resolve": "核对发放明细",
    "payment.refuse": "退回发放明细",
    "payments.push": "推送发放明细",
    "matching.export": "导出识别结果",
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
    "inquiry.assign": "转交咨询",
    "inquiry.number": "查看来件号码",
    "audit.shown": "查询审计",
    "audit.verified": "核对审计链",
}
DETAIL_TEXT: Mapping[str, str] = {
    "anew": "重新学习",
    "approves": "通过",
    "attachment": "附件",
    "benefit": "事项",
    "breaks": "断点",
    "by": "方式",
    "bytes": "字节",
    "campaign": "任务",
    "confirmed": "已核对户数",
    "contact": "联系方式",
    "decision": "决定",
    "entries": "条数",
    "entry": "条目",
    "excuse": "原因",
    "first": "起始编号",
    "found": "情况",
    "household": "农户",
    "households": "户",
    "how": "方式",
    "inquiry": "咨询",
    "item": "事项",
    "key": "密钥",
    "kind": "类别",
    "level": "级别",
    "lines": "行数",
    "locked": "已锁定",
    "login": "登录",
    "medium": "渠道",
    "n": "条数",
    "n_new": "新增",
    "n_rejected": "退回",
    "name": "用户",
    "on": "日期",
    "outcome": "结果",
    "payment": "明细",
    "permissions": "权限",
    "person": "成员",
    "reason": "原因",
    "region": "地区",
    "rejected": "没对上",
    "remark": "说明",
    "role": "角色",
    "rows": "行数",
    "run": "批次",
    "source": "来源",
    "state": "状态",
    "task": "更正任务",
    "tells": "会通知",
    "upload": "文件",
    "verdict": "决定",
    "version": "版本",
    "visit": "入户",
    "what": "内容",
    "why": "原因",
}
"""Keys of an entry's detail in words; another key stands as it is."""

_REASONS: Mapping[str, str] = {reason.value: words for reason, words in REASON_TEXT.items()}
_DRAFT_TEXT: Mapping[str, str] = {
    "title": "标题",
    "summary": "主要内容",
    "notice_kind": "写法",
    "free_text": "正文",
    "ladder": "发送顺序",
    "gateways": "通道",
    "rule": "通知谁",
    "rule_text": "",
    "scheduled_at": "何时发",
}
_VALUE_TEXT: Mapping[str, Mapping[str, str]] = {
    "role": {role.value: words for role, words in ROLE_TEXT.items()},
    "permissions": {one.value: words for one, words in PERMISSION_TEXT.items()},
    "by": {"password": "密码", "totp": "动态密码", "recovery_code": "恢复码"},
    "what": {**KIND_TEXT, **_DRAFT_TEXT, **CHANGE_TEXT},
    "state": CAMPAIGN_TEXT,
    "level": LEVEL_TEXT,
    "medium": {"sms": "短信", "wechat": "微信"},
    "kind": {"households": "农户花名册", "payments": "一卡通发放清单"},
    "outcome": {"Accepted": "通道已接收", "Refused": "通道不接受", "Postponed": "暂不能发", "Unsure": "结果不明"},
    "decision": {"taken": "采用", "refused": "不采用"},
    "verdict": {"accepted": "采用", "edited": "修改后采用", "refused": "不采用"},
    **dict.fromkeys(("reason", "excuse", "found"), _REASONS),
}


def in_words(key: str, value: Any, names: Mapping[str, str]) -> str:
    """A value of an entry's detail as people say it; `names` has those of regions. "" for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(words for one in value if (words := in_words(key, one, names)))
    if key == "region":
        return names.get(str(value), str(value))
    return _VALUE_TEXT.get(key, {}).get(str(value), str(value))


def deed_text(what: str) -> str:
    """What was done, in words; a deed that has none yet by what it is about and its own name."""
    if what in _DEED_TEXT:
        return _DEED_TEXT[what]
    about = next((words for begin, words in KIND_TEXT.items() if what.startswith(begin)), "")
    return f"{about} {what}".strip()
