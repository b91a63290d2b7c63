"""How like two names are, and how sure a person is meant by a payment line; pure. No sentence here holds a name."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.identity import DOT
from notifier.domain.lookalikes import LOOKS_LIKE, SOUNDS_LIKE


class Likeness(StrEnum):
    """How the name on paper is like the registered one."""

    SAME = "姓名一致"
    """Letter by letter."""
    DOTS = "姓名只差间隔号"
    """But for the dot in names like 马·样例."""
    SHAPE = "姓名中有形近字"
    """Characters that look alike."""
    SOUND = "姓名中有同音字"
    """Characters that sound alike."""
    ORDER = "姓名中字的顺序不同"
    """The same characters in another order."""
    ONE_CHARACTER = "姓名相差一字"
    """Of at least three."""
    OTHER = "姓名不同"
    """None of these."""


def likeness(written: str, registered: str) -> Likeness:
    """How two normal names are alike; the strongest that holds."""
    if written == registered:
        return Likeness.SAME
    one, other = written.replace(DOT, ""), registered.replace(DOT, "")
    if one == other:
        return Likeness.DOTS
    if len(one) == len(other):
        differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
        if all(b in LOOKS_LIKE.get(a, "") for a, b in differing):
            return Likeness.SHAPE
        if all(b in LOOKS_LIKE.get(a, "") + SOUNDS_LIKE.get(a, "") for a, b in differing):
            return Likeness.SOUND
        if sorted(one) == sorted(other):
            return Likeness.ORDER
        return Likeness.ONE_CHARACTER if len(differing) == 1 and len(one) > 2 else Likeness.OTHER
    short, long = sorted((one, other), key=len)
    is_one_more = len(short) > 1 and any(long[:n] + long[n + 1 :] == short for n in range(len(long)))
    return Likeness.ONE_CHARACTER if is_one_more and len(long) - len(short) == 1 else Likeness.OTHER


def variants(name: str) -> Iterator[str]:
    """Names that a clerk may have meant by this normal one: without its dots, and with one character for its like."""
    if DOT in name:
        yield name.replace(DOT, "")
    for at, character in enumerate(name):
        for like in dict.fromkeys(LOOKS_LIKE.get(character, "") + SOUNDS_LIKE.get(character, "")):
            yield name[:at] + like + name[at + 1 :]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a registered person being the one on a line."""

    name: Likeness
    same_id: bool = False
    other_id: bool = False
    """Both have an id, and they differ."""
    same_account: bool = False
    same_village: bool = False
    same_group: bool = False
    is_householder: bool = False
    is_registered: bool = True
    """False for a household that moved away, departed or was merged."""


_NAME_WEIGHT = {
    Likeness.SAME: 40,
    Likeness.DOTS: 38,
    Likeness.SHAPE: 28,
    Likeness.SOUND: 25,
    Likeness.ORDER: 22,
    Likeness.ONE_CHARACTER: 15,
    Likeness.OTHER: 0,
}


def weigh(evidence: Evidence) -> tuple[int, tuple[str, ...]]:
    """(confidence from 0 to 99, its reasons in Chinese). A person's own decision alone is 100."""
    said = [
        (evidence.same_id, 50, "身份证号一致"),
        (evidence.other_id, -30, "身份证号不同"),
        (evidence.same_account, 30, "账号末四位与户名一致"),
        (evidence.same_village, 20, "同一行政村"),
        (evidence.same_village and evidence.same_group, 10, "同一村民小组"),
        (not evidence.same_village, 0, "登记在别的村，可能已搬迁或村名有变"),
        (evidence.is_householder, 3, "户主"),
        (not evidence.is_registered, -20, "该户已不在册"),
    ]
    score = _NAME_WEIGHT[evidence.name] + sum(points for holds, points, _ in said if holds)
    return max(1, min(99, score)), (evidence.name.value, *(text for holds, _, text in said if holds))
