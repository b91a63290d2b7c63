"""Who somebody is on paper: names, ids, phones, cards and groups, as clerks write them and as the ledger compares them.

A `cell` is what a workbook gives: str, float, int, bool, a date, or None. What a spreadsheet has spoiled is refused,
never repaired; no error text here holds the value itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType
from stdnum.cn import ric

from notifier.domain.errors import InputError

T = TypeVar("T")
DOT = "·"
_DOTS = dict.fromkeys(map(ord, "•‧∙⋅・･●．.﹒˙ᐧ"), DOT)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x00A0: " ",
    0x200B: None,
    0x200C: None,
    0x200D: None,
    0xFEFF: None,
}
_BLANKS = re.compile(r"\s+")
_NOTHING = frozenset(("", "无", "没有", "暂无", "空", "-", "--", "—", "——", "/", "\\", "n/a", "null", "none"))
_SPREAD = re.compile(r"\d(\.\d*)?[eE]\+?\d+|\d{12,}\.0*")
_ID = re.compile(r"\d{17}[\dX]|\d{15}")
_CHINESE_NAME = re.compile(rf"[\u3400-\u9fff{DOT}]{{2,}}")
_LONG, _SHORT = 18, 15
_OLDEST_YEAR = 1850
# the 15-digit sequence numbers 996-999 were kept for people born before 1900
_CENTENARIAN = "996"
_MOBILE = re.compile(r"1[3-9]\d{9}")
_SEVERAL = re.compile(r"[、/,;，；|\n]|或")
_EXTENSION = re.compile(r"(转|分机|ext\.?).*$", re.IGNORECASE)
_PHONE_WORDS = re.compile(r"[\d+\-() .—–]+")
_LOCAL_LANDLINE = re.compile(r"[2-8]\d{6,7}")
_CARD = re.compile(r"\d{8,32}")
_TAIL = 4
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_NUMBER = re.compile(r"([一二两三四五六七八九])?([十])?([零〇一二三四五六七八九])?")
_GROUP_SUFFIX = re.compile(r"(村民小组|村民组|居民小组|生产队|小组|组|社|队)$")


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An 18-character id (GB 11643), `X` in upper case. `is_legacy`: the paper had the 15-digit form of it."""

    value: str = field(repr=False)
    is_legacy: bool = False

    @property
    def born_on(self) -> date:
        """The birth date that the id says."""
        return date(int(self.value[6:10]), int(self.value[10:12]), int(self.value[12:14]))


@dataclass(frozen=True, slots=True)
class Phone:
    """A Chinese mobile number of 11 digits."""

    number: str = field(repr=False)


class PhoneProblem(InputError):
    """A cell holds no usable mobile number. `landline` is the fixed line that stands there instead, digits only."""

    def __init__(self, kind: Literal["landline", "impossible"], landline: str | None = None) -> None:
        super().__init__(
            "联系电话是座机,不能收短信;请补填手机号码"
            if kind == "landline"
            else "联系电话不是可用的手机号码;请核对后填写 11 位手机号"
        )
        self.kind = kind
        self.landline = landline


def fold(text: str) -> str:
    """Full-width forms as ASCII, invisible characters gone, no blanks at either end."""
    return text.strip() if text.isascii() else text.translate(_WIDE).strip()


def written(cell: object) -> str:
    """What stands in a cell, folded; whole floats without their fraction, nothing as ''."""
    if isinstance(cell, str):
        return fold(cell)
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def says_nothing(cell: object) -> bool:
    """True for an empty cell and for the words by which clerks say that there is nothing (无, -, /)."""
    return cell is None or (isinstance(cell, str) and fold(cell).lower() in _NOTHING)


def normal_name(text: str) -> str:
    """The name by which people are compared: one kind of dot, no blanks. May be empty."""
    return _BLANKS.sub("", fold(text)).translate(_DOTS).strip(DOT + "'`")


def normal_group(cell: object) -> str | None:
    """ "1组" for 一组, 1组, 第一村民小组, 1 and 1.0; a group with a name of its own as it is; None for nothing."""
    text = _BLANKS.sub("", written(cell))
    if text.lower() in _NOTHING:
        return None
    bare = _GROUP_SUFFIX.sub("", text)
    number = _whole_number(bare.removeprefix("第"))
    if number is not None:
        return f"{number}组"
    return f"{bare}组" if bare and bare != text else text


def _whole_number(text: str) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    found = _CHINESE_NUMBER.fullmatch(text)
    if not text or found is None:
        return None
    tens, ten, ones = found.groups()
    if ten is None:
        return _DIGITS[text] if len(text) == 1 else None
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def read_id(cell: object) -> IdNumber:
    """The id in a cell; the 15-digit form is brought to 18 characters (one to one) and marked.

    Raises InputError: empty, a number instead of a text, a wrong length, birth date or check digit.
    """
    if says_nothing(cell):
        raise InputError("缺少身份证号;请补填")
    if not isinstance(cell, str):
        raise InputError(_spoiled("身份证号"))
    text = _BLANKS.sub("", fold(cell)).strip("'\"`’‘").upper()
    if _SPREAD.fullmatch(text):
        raise InputError(_spoiled("身份证号"))
    if not _ID.fullmatch(text):
        raise InputError(f"身份证号应为 18 位(或旧的 15 位),现为 {len(text)} 位或含有其他字符;请核对")
    if len(text) == _SHORT:
        century = "18" if text[12:] >= _CENTENARIAN else "19"
        seventeen = f"{text[:6]}{century}{text[6:]}"
        return IdNumber(_dated(seventeen + str(ric.calc_check_digit(seventeen + "0"))), True)
    if text[-1] != ric.calc_check_digit(text):
        raise InputError("身份证号校验位不符,可能有一位抄错;请对照证件核对")
    return IdNumber(_dated(text))


def unswapped(cells: Mapping[str, T]) -> Mapping[str, T]:
    """The cells of a row, with `name` and `id` changed back where each stands in the other's column."""
    if "name" not in cells or "id" not in cells:
        return cells
    name, number = (_BLANKS.sub("", written(cells[field])).upper() for field in ("name", "id"))
    if _ID.fullmatch(name) and (not number or _CHINESE_NAME.fullmatch(number)):
        return {**cells, "name": cells["id"], "id": cells["name"]}
    return cells


def _dated(number: str) -> str:
    # ric.validate would also refuse county codes that its list lacks
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise InputError("身份证号中的出生日期不存在;请对照证件核对") from None
    if born_on.year < _OLDEST_YEAR:
        raise InputError("身份证号中的出生年份过早;请对照证件核对")
    return number


def _spoiled(what: str) -> str:
    return f"{what}被表格软件变成了数字,末几位已丢失;请把该列改为文本格式后重新填写"


def read_phone(cell: object) -> Phone:
    """The first good mobile number in a cell. Raises PhoneProblem; ask `says_nothing` first where none is fine."""
    problem: PhoneProblem | None = None
    for part in _SEVERAL.split(written(cell).strip("'\"`’‘")):
        try:
            return _one_phone(part.strip())
        except PhoneProblem as found:
            if problem is None or (problem.kind == "impossible" and found.kind == "landline"):
                problem = found
    raise problem or PhoneProblem("impossible")


def _one_phone(text: str) -> Phone:
    if _MOBILE.fullmatch(text):
        return Phone(text)
    text = _EXTENSION.sub("", text).strip()
    if not _PHONE_WORDS.fullmatch(text):
        raise PhoneProblem("impossible")
    digits = "".join(character for character in text if character.isdigit())
    if _LOCAL_LANDLINE.fullmatch(digits):
        raise PhoneProblem("landline", digits)
    try:
        parsed = phonenumbers.parse(text, "CN")
    except NumberParseException:
        raise PhoneProblem("impossible") from None
    number = phonenumbers.national_significant_number(parsed)
    if parsed.country_code == 86 and _MOBILE.fullmatch(number):
        return Phone(number)
    if parsed.country_code == 86 and phonenumbers.number_type(parsed) == PhoneNumberType.FIXED_LINE:
        raise PhoneProblem("landline", f"0{number}")
    raise PhoneProblem("impossible")


def read_card(cell: object) -> str:
    """The account or card number in a cell, digits only. Raises InputError: a number instead of a text, or no card."""
    if says_nothing(cell):
        raise InputError("缺少银行账号;请补填")
    if not isinstance(cell, str):
        raise InputError(_spoiled("银行账号"))
    text = fold(cell).strip("'\"`’‘")
    if _SPREAD.fullmatch(text):
        raise InputError(_spoiled("银行账号"))
    digits = re.sub(r"[\s\-]", "", text)
    if not (digits.isascii() and _CARD.fullmatch(digits)):
        raise InputError("银行账号应为 8 到 32 位数字;请核对")
    return digits


def card_tail(text: str) -> str | None:
    """The last four digits of a card, whole or masked (****1234); None when it does not end in four digits."""
    tail = _BLANKS.sub("", fold(text))[-_TAIL:]
    return tail if len(tail) == _TAIL and tail.isascii() and tail.isdigit() else None


def mask_name(text: str) -> str:
    """王*: the first character only."""
    return f"{text[:1]}*"


def mask_id(text: str) -> str:
    """640425********1234; only stars for what is not an id."""
    return f"{text[:6]}{'*' * 8}{text[-4:]}" if len(text) in (_SHORT, _LONG) else "*" * 8


def mask_phone(text: str) -> str:
    """199****1234; for a landline the last four digits; only stars for what is shorter."""
    if len(text) == 11 and text.startswith("1"):
        return f"{text[:3]}****{text[-4:]}"
    return f"****{text[-4:]}" if len(text) > 2 * _TAIL else "****"


def mask_card(text: str) -> str:
    """****1234."""
    return f"****{text[-4:]}" if len(text) > 2 * _TAIL else "****"
