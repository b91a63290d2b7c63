"""A household's story in words: one line for each thing that happened, values masked. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.domain.identity import mask_name, mask_phone
from notifier.domain.money import yuan
from notifier.domain.rules import ATTRIBUTES
from notifier.report.words import LEVEL_TEXT, MEDIUM_TEXT, VISIT_TEXT, reason_text
from notifier.store.household_story import Happening
from notifier.store.registry_changes import HistoryLine

MESSAGE_TEXT: Mapping[str, str] = {
    "ready": "等待发送",
    "postponed": "已推迟，稍后发送",
    "accepted": "网关已接收，等待回执",
    "delivered": "已到达手机",
    "failed": "没有到达",
    "unsure": "是否送达不明，正在核实",
    "silent": "没有回执",
    "withdrawn": "已撤回，没有发出",
}
OWED_TEXT: Mapping[str, str] = {
    "pending": "正在通知",
    "reached": "已通知",
    "unreached": "未通知",
    "excused": "免予通知",
}
CHANGE_TEXT: Mapping[str, str] = {
    "name": "姓名",
    "relation": "与户主关系",
    "householder": "户主",
    "region": "行政村",
    "group": "村民小组",
    "phone": "电话",
    "merge": "并户",
    "unmerge": "撤销并户",
    "split": "分户",
    "depart": "登记迁出",
    "come_back": "恢复登记",
    "erase": "删除个人资料",
    "unbind": "解除微信绑定",
    "forget": "删除微信资料",
} | {one.column: one.name for one in ATTRIBUTES}
REACH_TEXT: Mapping[str, str] = {
    "usable": "在用",
    "landline": "座机",
    "wrong": "有误",
    "unfollowed": "已取消关注",
    "replaced": "已停用",
    "erased": "已删除",
}
STATE_TEXT: Mapping[str, str] = {"active": "在册", "merged": "已并入别户", "departed": "已迁出", "erased": "资料已删除"}
_STEP_TEXT = {"answer": "答复", "close": "办结", "reopen": "重新办理", "assign": "转交"}
_TASK_TEXT = {"open": "待更正", "closed": "已更正", "dismissed": "核实无误"}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A line of the timeline. `tone` is a class of the stylesheet: good, bad, wait or plain."""

    at: datetime
    label: str
    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Chapter:
    """What belongs together: all of one campaign in the order in which it happened, or one thing of its own."""

    at: datetime
    campaign: str | None
    campaign_id: int | None
    lines: Sequence[StoryLine]

    @property
    def tone(self) -> str:
        """That of what was owed, which stands first."""
        return self.lines[0].tone


def chapters(happened: Sequence[Happening], history: Sequence[HistoryLine], names: Mapping[str, str]) -> list[Chapter]:
    """Everything in chapters, the one with the latest line first; `names` are regions' by their code."""
    told: dict[int, list[Happening]] = {}
    single = [_of_change(one, names) for one in history]
    for one in happened:
        if one.campaign_id is None:
            single.append(_WORDS[one.kind](one))
        else:
            told.setdefault(one.campaign_id, []).append(one)
    found = [Chapter(line.at, None, None, [line]) for line in single]
    for campaign_id, of_it in told.items():
        lines = [_WORDS[one.kind](one) for one in sorted(of_it, key=_in_order)]
        found.append(Chapter(max(line.at for line in lines), of_it[0].campaign, campaign_id, lines))
    return sorted(found, key=lambda chapter: chapter.at, reverse=True)


def _in_order(one: Happening) -> tuple[bool, datetime]:
    return one.kind != "owed", one.at


def _of_owed(one: Happening) -> StoryLine:
    facts = one.facts
    text = str(facts["why"])
    if facts["amount_fen"] is not None:
        text += f"；金额 {yuan(facts['amount_fen'])} 元"
    text += f"。现在：{OWED_TEXT.get(facts['state'], facts['state'])}"
    if facts["level"]:
        text += f"（{LEVEL_TEXT.get(facts['level'], facts['level'])}）"
    elif facts["state"] in ("unreached", "excused"):
        text += f"（{reason_text(facts['reason'])}）"
    tone = {"reached": "good", "unreached": "bad", "pending": "wait"}.get(facts["state"], "plain")
    return StoryLine(one.at, "应通知", text, tone)


def _of_message(one: Happening) -> StoryLine:
    facts = one.facts
    text = MESSAGE_TEXT.get(facts["state"], facts["state"])
    if facts["state"] in ("failed", "withdrawn") and facts["reason"]:
        text += f"：{reason_text(facts['reason'])}"
    details = [f"第 {facts['version']} 版号码"] if facts["medium"] == "sms" and facts["version"] else []
    if facts["step"]:
        details.append(f"第 {facts['step'] + 1} 步")
    if facts["retry"]:
        details.append("补发")
    if details:
        text += f"（{'，'.join(details)}）"
    tone = {"delivered": "good", "failed": "bad", "silent": "bad"}.get(facts["state"], "wait")
    return StoryLine(one.at, MEDIUM_TEXT.get(facts["medium"], facts["medium"]), text, tone)


def _of_visit(one: Happening) -> StoryLine:
    facts = one.facts
    text = VISIT_TEXT.get(facts["state"], facts["state"])
    if facts["state"] == "signed":
        text += f"：{facts['by_user']} {facts['how'] or ''}"
        text += f"（{facts['remark']}）" if facts["remark"] else ""
    elif facts["state"] in ("excuse_asked", "excused"):
        text += f"：{reason_text(facts['excuse'])}，{facts['by_user']} 申请"
        text += f"，{facts['confirmed_by']} 复核" if facts["confirmed_by"] else ""
    else:
        text += f"：{reason_text(facts['reason'])}"
    tone = {"signed": "good", "open": "wait", "excuse_asked": "wait"}.get(facts["state"], "plain")
    return StoryLine(one.at, "入户", text, tone)


def _of_inquiry(one: Happening) -> StoryLine:
    facts = one.facts
    channel = MEDIUM_TEXT.get(facts["channel"], facts["channel"])
    return StoryLine(one.at, facts["kind"], f"第 {facts['id']} 件，来自{channel}", "wait")


def _of_step(one: Happening) -> StoryLine:
    facts = one.facts
    text = f"第 {facts['id']} 件由 {facts['by_user']} {_STEP_TEXT.get(facts['what'], facts['what'])}"
    return StoryLine(one.at, "咨询办理", text, "good" if facts["what"] == "close" else "plain")


def _of_task(one: Happening) -> StoryLine:
    facts = one.facts
    text = f"{reason_text(facts['reason'])}：{_TASK_TEXT.get(facts['state'], facts['state'])}"
    return StoryLine(one.at, "号码", text, "bad" if facts["state"] == "open" else "plain")


def _of_consent(one: Happening) -> StoryLine:
    stopped = one.facts["what"] == "stop"
    text = "不再接收政策短信（补贴到账仍会通知）" if stopped else "恢复接收政策短信"
    return StoryLine(one.at, "退订" if stopped else "恢复", text)


_WORDS: Mapping[str, Callable[[Happening], StoryLine]] = {
    "owed": _of_owed,
    "message": _of_message,
    "visit": _of_visit,
    "inquiry": _of_inquiry,
    "step": _of_step,
    "task": _of_task,
    "consent": _of_consent,
}


def _of_change(one: HistoryLine, names: Mapping[str, str]) -> StoryLine:
    what = CHANGE_TEXT.get(one.what, one.what)
    if one.what in ("merge", "unmerge", "split"):
        text = f"{what}（另一户编号 {one.after}）"
    elif one.before is None and one.after is None:
        text = what
    elif one.what == "householder":
        text = "更换户主"
    else:
        before, after = (_shown(one.what, value, names) for value in (one.before, one.after))
        text = f"{what}：{before} → {after}"
    return StoryLine(one.at, "更正", f"{text}；{one.by_user}，原因：{one.why}")


def _shown(what: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None:
        return "无"
    if what == "name":
        return mask_name(value)
    if what == "phone":
        return mask_phone(value)
    return names.get(value, value) if what == "region" else str(value)
