"""What each gateway would make of a draft's words: text, segments, cuts and objections; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.campaigns.words import Words, forbidden_in, names_somebody
from notifier.domain import placeholders
from notifier.domain.ladder import PRESETS
from notifier.domain.messages import Medium
from notifier.domain.texts import VARIABLE, Text, Wording, fill, segments, units

TELLING_KINDS: Mapping[str, str] = {"policy": "审核过的政策模板", "free": "自由文本"}
"""How a person may word a campaign."""
GATEWAY_TEXT: Mapping[str, str] = {
    "aliyun_sms": "阿里云短信",
    "tencent_sms": "腾讯云短信",
    "mas": "移动云MAS",
    "cmpp": "CMPP 直连",
    "wechat": "微信公众号",
}
_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_LABEL = re.compile(r"(\S+?)\s*\$\{(\w+)\}")
_LONGEST_TITLE, _LONGEST_TEXT = 100, 500
_ANY_SIGN = "单位签名"


@dataclass(frozen=True, slots=True)
class Typed:
    """A draft's words and ways. `gateways` empty means every one."""

    kind: str
    title: str
    summary: str
    text: str
    ladder: str
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What words are tried with. `gateways` names the enabled ones of each medium."""

    wording: Wording
    gateways: Mapping[Medium, Sequence[str]]
    words: Words
    hotline: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A variable of a gateway's text: what stands there, how long it is and may be, and whether it is cut."""

    name: str
    value: str
    n_units: int
    most: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """A gateway's version. `why_not` says why it carries none of it; `problems` what it would refuse it for."""

    gateway: str
    medium: Medium
    is_chosen: bool
    why_not: str = ""
    template: str = ""
    text: str = field(default="", repr=False)
    n_units: int = 0
    n_segments: int = 0
    n_segments_at_most: int = 0
    blanks: tuple[Blank, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call the gateway."""
        return GATEWAY_TEXT.get(self.gateway, self.gateway)

    @property
    def can_say(self) -> bool:
        """Whether messages of the draft would leave by it."""
        return self.is_chosen and not self.why_not and not self.problems

    @property
    def card(self) -> list[tuple[str, str]]:
        """The lines of a WeChat card: (label, value)."""
        values = {one.name: one.value for one in self.blanks}
        return [(label, values.get(name, "")) for label, name in _LABEL.findall(self.text)]


@dataclass(frozen=True, slots=True)
class Preview:
    """Every gateway's version, and what keeps the draft from being told at all (empty when nothing does)."""

    sayings: tuple[Saying, ...]
    problems: tuple[str, ...]
    n_segments: int
    """What the longest chosen SMS is billed as."""

    def by(self, medium: Medium) -> list[Saying]:
        """The versions of a medium that would leave, or else all of them."""
        those = [one for one in self.sayings if one.medium is medium]
        return [one for one in those if one.can_say] or those


def preview(shop: Workshop, typed: Typed, now: datetime) -> Preview:
    """What the enabled gateways would make of it, with sample values where households differ."""
    media = [medium for medium in Medium if medium in _media(typed.ladder)]
    sayings = tuple(
        _saying(shop, typed, (medium, gateway), now) for medium in media for gateway in shop.gateways.get(medium, ())
    )
    billed = [one.n_segments for one in sayings if one.can_say and one.medium is Medium.SMS]
    return Preview(sayings, (*_problems(typed), *_dead_ends(typed, sayings)), max(billed, default=0))


def _media(ladder: str) -> set[Medium]:
    return {one.medium for rung in PRESETS.get(ladder, ()) for one in rung}


def _problems(typed: Typed) -> Iterator[str]:
    if not typed.title.strip():
        yield "请填写标题"
    elif units(typed.title) > _LONGEST_TITLE:
        yield f"标题有 {units(typed.title)} 字，请减到 {_LONGEST_TITLE} 字以内"
    if typed.kind == "free" and not typed.text.strip():
        yield "请填写短信正文"
    if units(typed.text) > _LONGEST_TEXT:
        yield f"正文有 {units(typed.text)} 字，请减到 {_LONGEST_TEXT} 字以内"
    if typed.kind == "policy" and not typed.summary.strip():
        yield "请填写主要内容：农户能得到什么、怎么办"
    for name in placeholders.unknown(typed.text):
        yield f"正文中的“{{{name}}}”不认识；请从变量菜单插入"
    if any(names_somebody(text) for text in (typed.title, typed.summary, typed.text)):
        yield "文字里有像身份证号、卡号或手机号的数字；群发通知不能写个人信息，联系电话请用座机或变量{咨询电话}"


def _dead_ends(typed: Typed, sayings: Sequence[Saying]) -> Iterator[str]:
    if typed.ladder not in PRESETS:
        yield "请选择发送顺序"
    elif not any(one.can_say for one in sayings):
        yield "没有一个选中的通道能发送这样的内容；请看各通道下面的原因"


def facts_of(shop: Workshop, typed: Typed, values: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The facts that texts are filled with, the open places of the text filled with `values`."""
    day = now.astimezone(_COUNTY_TIME)
    on_day = f"{day.year}年{day.month}月{day.day}日"
    return {
        "title": typed.title.strip(),
        "summary": typed.summary.strip() or "请到村委会了解详情",
        "tel": shop.hotline,
        "date": on_day,
        "text": placeholders.put_in(typed.text.strip(), {**values, "日期": on_day}),
    }


def _saying(shop: Workshop, typed: Typed, of: tuple[Medium, str], now: datetime) -> Saying:
    medium, gateway = of
    is_chosen = not typed.gateways or gateway in typed.gateways
    text = shop.wording.texts.get(typed.kind, {}).get(gateway)
    if text is None:
        return Saying(gateway, medium, is_chosen, _why_not(typed.kind, medium))
    # Where the gateway puts a signature that is not known here, it is as long as the others'.
    sign = shop.wording.signs.get(gateway) or max(shop.wording.signs.values(), key=len, default="") or _ANY_SIGN
    facts = facts_of(shop, typed, placeholders.samples(shop.hotline), now)
    longest = facts_of(shop, typed, placeholders.longest(shop.hotline), now)
    filled, at_most = fill(text, facts, sign), fill(text, longest, sign)
    whole = VARIABLE.sub(lambda found: filled.parameters[found[1]], text.content)
    shown = text.content if medium is Medium.WECHAT else f"【{sign}】{whole}"
    problem = filled.problem or at_most.problem
    refused = [f"含有会被拦截的词“{word}”" for word in forbidden_in(whole, gateway, shop.words)]
    return Saying(
        gateway,
        medium,
        is_chosen,
        template="" if text.template == text.content else text.template,
        text=shown,
        n_units=units(shown),
        n_segments=segments(whole, sign),
        n_segments_at_most=at_most.n_segments,
        blanks=tuple(_blanks(text, longest if typed.kind == "free" else facts, filled.parameters)),
        problems=(*([problem] if problem else []), *refused),
    )


def _blanks(text: Text, facts: Mapping[str, str], filled: Mapping[str, str]) -> Iterator[Blank]:
    """The variables with their lengths before they are cut."""
    for name, pattern in text.variables.items():
        value = " ".join(pattern.format_map({**dict.fromkeys(_facts_in(pattern), ""), **facts}).split())
        most = text.limit(name)
        yield Blank(name, filled[name], units(value), most, name in text.cut and units(value) > most)


def _facts_in(pattern: str) -> list[str]:
    return re.findall(r"{(\w+)}", pattern)


def _why_not(kind: str, medium: Medium) -> str:
    if kind == "free" and medium is Medium.WECHAT:
        return (
            "微信只放行审核过的模板；客服消息能写自由文本，但只能回复 48 小时内来过消息的人，不能用来群发。"
            "选“审核过的政策模板”就能同时发微信"
        )
    if kind == "free":
        return "这个通道只发送审核过的模板，不收自由文本；选“审核过的政策模板”，或改走移动云MAS、CMPP"
    return "config/texts.toml 里没有这个通道的政策模板；请运维人员申请模板后填入"
