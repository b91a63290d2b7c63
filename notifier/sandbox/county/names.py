"""Names as the county has them: Han and Hui, some with a middle dot, some with characters few fonts hold."""

import random

# the dot and what keyboards, scanners and old programs make of it
DOT = "·"
DOT_VARIANTS = ("·", "•", "．", "・", "‧")

_SURNAMES = (
    *"王李张马杨刘韩海虎赵陈田祁兰安任何姬",
    *"常高石冯景惠段扈剡米苏罗文郭徐孙",
)
_HUI_SURNAMES = ("马", "海", "虎", "兰", "丁", "哈", "摆", "锁", "者", "米", "撒", "拜")
_FIRST = tuple("志建国文玉秀永彦生世占桂凤淑彩俊正廷应万有进富兴治耀成得学海忠义礼宏维振明红巧春翠金银")
_SECOND = tuple("强军平林兰花英珍明华芳梅福贵东霞娟莲琴宝龙虎山元仁德文武斌刚成云香艳萍清祥科旺伟鹏财")
_RARE = ("堃", "喆", "甯", "淼", "犇", "䶮", "昶", "奀", "\U00023cd7", "\U00024a7d")
_HUI_GIVEN = (
    *("穆罕默德", "阿卜杜拉", "伊斯玛仪", "尤素福", "法图麦"),
    *("阿依莎", "优努斯", "哈桑", "索菲叶", "达吾德"),
)


def person_name(rng: random.Random, surname: str | None = None) -> str:
    """A new name, under `surname` where one is given; about 1.5 % hold a dot and 0.5 % a rare character."""
    roll = rng.random()
    if roll < 0.015:
        return f"{rng.choice(_HUI_GIVEN)}{DOT}{surname or rng.choice(_HUI_SURNAMES)}"
    surname = surname or rng.choice(_SURNAMES)
    if roll < 0.020:
        return surname + rng.choice(_FIRST) + rng.choice(_RARE)
    if roll < 0.120:
        return surname + rng.choice(_SECOND)
    return surname + rng.choice(_FIRST) + rng.choice(_SECOND)


def surname_of(name: str) -> str:
    """The surname a child would take: the part after the dot, else the first character."""
    return name.rpartition(DOT)[2] if DOT in name else name[0]


def dotted_differently(name: str, rng: random.Random) -> str:
    """The same name as another clerk would type its dot; a name without one comes back as it is."""
    return name.replace(DOT, rng.choice(DOT_VARIANTS)) if DOT in name else name
