"""What a farmer's answer to a notice means, by its words alone. Pure.

Only what is said in so many words counts: "T恤" stops nothing and "退订是什么意思" is a question. What is not
understood is an inquiry, so that a person reads it.
"""

import re
import unicodedata
from enum import StrEnum

LONGEST_CLAUSE = 24
"""Letters; nobody needs more to say one of the things below."""


class Meaning(StrEnum):
    """What an answer asks for."""

    STOP = "stop"
    """No more policy broadcasts."""
    RESUME = "resume"
    """Policy broadcasts again."""
    WRONG_NUMBER = "wrong_number"
    """Whoever has this number is not whom we mean."""
    ACKNOWLEDGE = "acknowledge"
    """The notice was read."""
    INQUIRY = "inquiry"
    """Something else: a person must read it."""


class InquiryKind(StrEnum):
    """What a person must read."""

    QUESTION = "咨询"
    """Consultation."""
    COMPLAINT = "投诉"
    """Complaint, or a report of a wrong."""
    SUGGESTION = "建议"
    """Suggestion."""


_POLITE = r"(?:您好|你好|请|麻烦|劳驾|帮我|给我|我要|我想|我|要|想|申请)*"
_SEND = r"(?:回复|回覆|答复|回|复|发送|发)?"
_KEY = r"(?:TD|T|R|TUIDING|退订阅|退定阅|退订|退定|退顶|退丁|取消订阅|取消定阅|停止订阅|停止接收|取消短信|取消通知)"
_WHAT = r"(?:政策|惠农)?(?:短信|信息|消息|通知|服务|推送|广播)?"
_TAIL = r"(?:了|吧|啊|呀|谢谢|谢谢了|多谢)*"
_STOP = re.compile(
    rf"{_POLITE}{_SEND}{_WHAT}{_KEY}{{1,3}}{_WHAT}{_TAIL}"
    rf"|{_POLITE}(?:不要|别|不用|勿|停止)(?:再)?(?:给我)?(?:发|发送|推送){_WHAT}(?:给我)?{_TAIL}"
)
_SAYS_STOP = re.compile(rf"{_POLITE}{_SEND}(?:TD|退订|退定|取消订阅|停止订阅)(?:{_WHAT}){_TAIL}")
_RESUME = re.compile(
    rf"{_POLITE}{_SEND}(?:恢复|重新|继续|取消退订|取消退定|重新开通|开通)"
    rf"(?:订阅|定阅|接收|接受|发送|推送|开通)?{_WHAT}{_TAIL}|{_POLITE}{_SEND}(?:订阅|定阅){_WHAT}{_TAIL}"
)
_BARELY_RESUME = frozenset(("重新", "继续"))
_WHO = r"(?:我|你|你们|您|您们)?"
_WRONG = re.compile(
    rf"{_WHO}(?:打错|发错|搞错|弄错|找错)(?:电话|号码|号|手机号|人|了人|短信)?{_TAIL}|错号{_TAIL}"
    rf"|(?:这个?)?(?:电话|号码|手机号?|号)(?:打错|发错|错|不对|写错|登记错){_TAIL}"
    rf"|{_WHO}(?:打错|发错|找错)(?:了)(?:电话|号码|号|手机号|人){_TAIL}"
    rf"|(?:我|这)?(?:不是|并非|非)(?:他|她|其)?本人(?:的)?(?:电话|号码|手机号?|号)?{_TAIL}"
    rf"|(?:这个?|我)?(?:不是|并非)(?:他|她)(?:本人)?(?:的)?(?:电话|号码|手机号?|号)?{_TAIL}"
    rf"|我?(?:不认识|不认得|认不得)(?:这个人|此人|这人|他|她|你们|你)?{_TAIL}|查无此人{_TAIL}|我?不是[户这那]\w{{0,6}}的?人{_TAIL}"
)
_READ = (
    r"(?:已经|已|我|都)*(?:短信|信息|消息|通知)?(?:收到|收悉|知道|知晓|知悉|晓得|看到|明白|了解|清楚)(?:短信|信息|消息|通知)?"
    r"|好的|好滴|好嘞|好|行|可以|中|OK|嗯|嗯嗯|谢谢|感谢|多谢"
)
_THANKED = r"(?:政府|党|国家|领导|村上|镇上|县上|你们|您|大家)?"
_ACKNOWLEDGE = re.compile(rf"(?:您好|你好)?(?:(?:{_READ}){_THANKED}(?:了|啦|啊|呀|哈)?){{1,4}}")
_PATTERNS = (
    (Meaning.WRONG_NUMBER, _WRONG),
    (Meaning.STOP, _STOP),
    (Meaning.RESUME, _RESUME),
    (Meaning.ACKNOWLEDGE, _ACKNOWLEDGE),
)
_ABOUT_STOPPING = re.compile(
    "意思|是什么|是啥|干啥|干什么|怎么|怎样|咋|如何|后果|会不会|能不能|可不可以|不要退|别退|没有?退|不退"
)
_GREETING = re.compile(r"(?:您好|你好|喂|谢谢|多谢|对不起|不好意思|麻烦了?|请)")
_SIGNATURE = re.compile(r"^\s*【[^】]*】(?=.*\w)", re.DOTALL)
_SENTENCE_MARKS = re.compile(r"[,，.。!！;；、\n\r~]+")
_QUESTION_MARKS = re.compile("[?？﹖]")
_COMPLAINT = re.compile("投诉|举报|反映|告状|克扣|冒领|被扣|贪污")
_SUGGESTION = re.compile("建议|希望")


def meanings(text: str) -> frozenset[Meaning]:
    """What the text asks for; never empty. INQUIRY is among them when any of it must be read by a person.

    A text said to be a wrong number, an acknowledgement or a resumption is nothing else beside what is not understood;
    a wish to stop counts also at the end of a longer text, as the law wants it.
    """
    told = _SIGNATURE.sub("", text)
    if _QUESTION_MARKS.search(told):
        return frozenset((Meaning.INQUIRY,))
    whole = _bare(told)
    if found := _of(whole):
        return frozenset((found,))
    clauses = [bare for part in _SENTENCE_MARKS.split(told) if (bare := _bare(part)) and not _GREETING.fullmatch(bare)]
    found_each = [_of(clause) for clause in clauses]
    known = {one for one in found_each if one is not None}
    if clauses and None not in found_each:
        return frozenset(known)
    if clauses and _SAYS_STOP.fullmatch(clauses[-1]) and not _ABOUT_STOPPING.search(whole):
        return frozenset((Meaning.STOP, Meaning.INQUIRY))
    if found_each and found_each[0] is Meaning.ACKNOWLEDGE and known == {Meaning.ACKNOWLEDGE}:
        return frozenset((Meaning.ACKNOWLEDGE, Meaning.INQUIRY))
    return frozenset((Meaning.INQUIRY,))


def kind_of(text: str) -> InquiryKind:
    """What kind of inquiry a text is, by its words; a person may think otherwise."""
    if _COMPLAINT.search(text):
        return InquiryKind.COMPLAINT
    return InquiryKind.SUGGESTION if _SUGGESTION.search(text) else InquiryKind.QUESTION


def _of(clause: str) -> Meaning | None:
    if not clause or len(clause) > LONGEST_CLAUSE or clause in _BARELY_RESUME:
        return None
    return next((meaning for meaning, pattern in _PATTERNS if pattern.fullmatch(clause)), None)


def _bare(text: str) -> str:
    """Letters and digits only, full width folded to ASCII, upper case."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LN")
