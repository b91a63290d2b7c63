"""Text that people, files and providers write freely: what in it could be a person's is masked before it is kept."""

import re
from collections.abc import Collection

from notifier.domain.identity import DOT, mask_name, normal_name

VEIL = "****"
"""What stands where a number stood."""
_NUMBER = re.compile(
    r"(?<!\d)(?:(?:\+|00)?86[\s\-]?)?1[3-9]\d[\s\-]?\d{4}[\s\-]?\d{4}(?!\d)"  # mobile
    r"|(?<!\d)\d{6}[\s\-](?:19|20)\d{2}[\s\-]?\d{4}[\s\-]?\d{3}[\dXx](?!\d)"  # id in groups
    r"|(?<!\d)\d{4}(?:[\s\-]\d{4}){3,4}(?:[\s\-]?\d{1,3})?(?!\d)"  # card in groups
)
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[\s\-]\d{7,8}(?!\d)|\d{7,}[Xx]?")
_LONG = re.compile(r"\d{11,}[Xx]?")
_DAY = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_ANY_DOT = "[·•‧∙⋅・･●．.﹒˙ᐧ]"
_PLAIN = {0xFF10 + digit: str(digit) for digit in range(10)} | dict.fromkeys((0x200B, 0x200C, 0x200D, 0xFEFF))
_LEAST_NAME = 2
_KIN = frozenset(
    "户主父母夫妻子女儿媳婿孙外祖爷奶公婆岳兄弟姐妹嫂侄甥伯叔姑姨舅长大小次二三四五六七八独生继养曾重亲属配偶其他非直系家庭成员之的同住"
)
_MOST_KIN = 8


def masked(text: str, names: Collection[str] = ()) -> str:
    """The text without margins, `****` for what looks like an id, a card or a phone, and 王* for each of `names`.

    Days (20261128) and numbers of up to six digits stay. Safe to repeat.
    """
    plain = text.strip().translate(_PLAIN)
    return _without_names(_LANDLINE.sub(_unless_day, _NUMBER.sub(VEIL, plain)), names)


def masked_published(text: str) -> str:
    """A published text: ids, cards and mobile numbers as in `masked`; offices' landlines stay, and so does the rest."""
    return _LONG.sub(VEIL, _NUMBER.sub(VEIL, text.translate(_PLAIN)))


def masked_or_none(text: str | None, names: Collection[str] = ()) -> str | None:
    """`masked`, and None for None."""
    return None if text is None else masked(text, names)


def kinship(text: str) -> str | None:
    """The text when it is a word of kinship, else None: a shifted column puts names and numbers there."""
    return text if 0 < len(text) <= _MOST_KIN and _KIN.issuperset(text) else None


def _unless_day(found: re.Match[str]) -> str:
    return found[0] if _DAY.fullmatch(found[0]) else VEIL


def _without_names(text: str, names: Collection[str]) -> str:
    if not names or not text:
        return text
    said = text
    for name in sorted(names, key=len, reverse=True):
        letters = [_ANY_DOT if letter == DOT else re.escape(letter) for letter in normal_name(name)]
        # Nearly every text says nobody's name; making a pattern for each of 200,000 names would take most of the time.
        if len(letters) >= _LEAST_NAME and all(letter == DOT or letter in said for letter in normal_name(name)):
            veil = mask_name(normal_name(name)).replace("\\", r"\\")
            said = re.sub(r"\s*".join(letters), veil, said)
    return said
