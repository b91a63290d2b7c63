"""How clerks write things down: the same fact never twice in the same way."""

import random
from dataclasses import dataclass
from decimal import Decimal

from notifier.sandbox.county.names import dotted_differently
from notifier.sandbox.county.numbers import short_id
from notifier.sandbox.county.people import HOUSEHOLDER, Person
from notifier.sandbox.county.regions import Village, chinese_number
from notifier.sandbox.county.workbooks import Cell

_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_RELATIONS = {
    HOUSEHOLDER: ("户主", "户主", "户主", "本人", "本人或户主"),
    "配偶": ("配偶", "配偶", "妻", "之妻"),
    "子": ("子", "儿子", "长子", "之子"),
    "女": ("女", "女儿", "之女", "长女"),
    "父": ("父", "父亲", "之父"),
    "母": ("母", "母亲", "之母"),
    "儿媳": ("儿媳", "子媳", "之儿媳"),
    "孙子": ("孙子", "之孙子"),
    "孙女": ("孙女", "之孙女"),
}
_NO_PHONE = ("", "", "", "无", "没有")
_IMPOSSIBLE = ("1990123", "199001234567", "12345678901", "199xxxx0000")
_IMPOSSIBLE_EVERY = 10


def impossible_phone(number: str) -> str:
    """The impossible number that always stands for the phone of household `number`; '' for nine in ten."""
    turn, rest = divmod(int(number), _IMPOSSIBLE_EVERY)
    return "" if rest else _IMPOSSIBLE[turn % len(_IMPOSSIBLE)]


@dataclass(frozen=True, slots=True)
class Clerk:
    """One clerk with one's own dice; the same `rng` state writes the same cells."""

    rng: random.Random

    def name(self, name: str) -> str:
        """The name with another dot, or with blanks around or inside it."""
        written, roll = dotted_differently(name, self.rng), self.rng.random()
        if roll < 0.01:
            return f" {written} "
        return f"{written[0]} {written[1]}" if roll < 0.02 and len(written) == 2 else written

    def id(self, person: Person) -> str:
        """The id of 18 or 15 characters; now and then full-width, in lower case, or with rubbish around it."""
        number, roll = person.id_number, self.rng.random()
        if person.legacy_id:
            return short_id(number)
        if roll < 0.02:
            return number.translate(_WIDE)
        if roll < 0.03:
            return f"'{number}"
        if roll < 0.05:
            return f" {number}\t"
        return number.lower() if roll < 0.55 else number

    def phone(self, phone: str) -> Cell:
        """A mobile number in one of the ways they come, also as a number cell; a landline as it is; '' as ''."""
        if not phone.startswith("199"):
            return phone
        roll = self.rng.random()
        if roll < 0.30:
            return float(phone)
        if roll < 0.34:
            return f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"
        if roll < 0.38:
            return f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"
        if roll < 0.40:
            return phone.translate(_WIDE)
        return f"{phone}、" if roll < 0.405 else phone

    def no_phone(self, number: str) -> str:
        """What stands in the cell of household `number` without a phone: nothing, 无, or an impossible one."""
        return impossible_phone(number) or self.rng.choice(_NO_PHONE)

    def card(self, card: str) -> str:
        """The card in one piece, in groups of four, or full-width."""
        roll = self.rng.random()
        if roll < 0.03:
            return " ".join(card[at : at + 4] for at in range(0, len(card), 4))
        return card.translate(_WIDE) if roll < 0.04 else card

    def group(self, group: int) -> Cell:
        """1 is 一组, 1组, 第一村民小组, the text 1 or the number 1."""
        spoken = chinese_number(group)
        return self.rng.choice((f"{spoken}组", f"{group}组", f"第{spoken}村民小组", str(group), float(group)))

    def village(self, village: Village) -> str:
        """The village alone or with its committee."""
        return village.name + self.rng.choice(("", "", "", "村委会", "村民委员会"))

    def relation(self, relation: str) -> str:
        """The relation to the householder in one of its names."""
        return self.rng.choice(_RELATIONS[relation])

    def yes_no(self, true: bool) -> str:
        """是, √ or 有; 否 or nothing."""
        return self.rng.choice(("是", "是", "√") if true else ("否", "", ""))

    def insured(self, true: bool) -> Cell:
        """是, 已参保 or 1; 否, 未参保 or 0."""
        return self.rng.choice(("是", "已参保", 1.0) if true else ("否", "未参保", 0.0))

    def area(self, mu: Decimal) -> Cell:
        """A number cell or a text with two decimals; nothing where there is no land."""
        if not mu:
            return ""
        return f"{mu:.2f}" if self.rng.random() < 0.2 else float(mu)

    def heads(self, n: int) -> Cell:
        """A count of animals; nothing or 0 where there are none."""
        return float(n) if n else self.rng.choice(("", 0.0))
