"""Names, ids, phones, cards and groups as clerks write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import InputError
from notifier.domain.identity import (
    PhoneProblem,
    card_tail,
    fold,
    mask_card,
    mask_id,
    mask_name,
    mask_phone,
    normal_group,
    normal_name,
    read_card,
    read_id,
    read_phone,
    says_nothing,
    unswapped,
)
from notifier.sandbox.county.numbers import id_check_digit, is_valid_id, short_id

_SEQUENCES = st.integers(0, 999)
_BIRTHS = st.dates(date(1900, 1, 1), date(2025, 12, 31))


def an_id(born_on: date = date(1970, 3, 8), sequence: int = 12) -> str:
    seventeen = f"640425{born_on:%Y%m%d}{sequence:03d}"
    return seventeen + id_check_digit(seventeen)


@given(_BIRTHS, _SEQUENCES)
def test_every_well_formed_id_is_read_as_it_is(born_on: date, sequence: int) -> None:
    number = read_id(an_id(born_on, sequence))
    assert number.value == an_id(born_on, sequence)
    assert not number.is_legacy
    assert number.born_on == born_on


@given(_BIRTHS, _SEQUENCES, st.integers(0, 16), st.integers(1, 9))
def test_one_digit_copied_wrong_is_always_noticed(born_on: date, sequence: int, at: int, shift: int) -> None:
    number = an_id(born_on, sequence)
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1 :]
    with pytest.raises(InputError) as refused:
        read_id(wrong)
    assert wrong not in str(refused.value)


@given(st.text(max_size=20))
def test_whatever_is_read_as_an_id_is_a_valid_one(text: str) -> None:
    try:
        number = read_id(text)
    except InputError:
        return
    assert is_valid_id(number.value)


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 995))
def test_a_15_digit_id_becomes_the_18_digits_of_the_same_person_and_is_marked(born_on: date, sequence: int) -> None:
    number = read_id(short_id(an_id(born_on, sequence)))
    assert number.value == an_id(born_on, sequence)
    assert number.is_legacy


def test_a_15_digit_id_with_a_centenarians_sequence_is_of_the_19th_century() -> None:
    assert read_id("640425950308996").born_on == date(1895, 3, 8)


@pytest.mark.parametrize("dress", ["'{}", " {}\t", "{}\u3000", "\ufeff{}", "’{}"])
def test_rubbish_around_an_id_does_not_matter(dress: str) -> None:
    assert read_id(dress.format(an_id())).value == an_id()


def test_full_width_and_lower_case_ids_are_the_same() -> None:
    with_x = next(number for s in range(99) if (number := an_id(sequence=s)).endswith("X"))
    assert read_id(with_x.lower()).value == with_x
    assert read_id(with_x.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})).value == with_x


@pytest.mark.parametrize(
    "cell", [6.40425197003081e17, 640425197003080127, "6.40425E+17", "6.40425197003081e+17", "640425197003080000.0"]
)
def test_an_id_that_a_spreadsheet_made_a_number_is_refused_and_the_mend_is_said(cell: object) -> None:
    with pytest.raises(InputError, match="被表格软件变成了数字"):
        read_id(cell)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "缺少"),
        ("", "缺少"),
        ("无", "缺少"),
        (an_id()[:17], "18 位"),
        ("64042519700230012" + id_check_digit("64042519700230012"), "出生日期"),
        ("640425194513010" + "12" + id_check_digit("640425194513010" + "12"), "出生日期"),
        ("64042501970308012" + id_check_digit("64042501970308012"), "出生年份"),
        (date(1970, 3, 8), "数字"),
        (True, "数字"),
    ],
)
def test_a_bad_id_says_what_is_wrong(cell: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_id(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "19900001234",
        19900001234.0,
        19900001234,
        "199-0000-1234",
        "+86 199 0000 1234",
        "8619900001234",
        "019900001234",
        "１９９００００１２３４",
        "'19900001234",
        "19900001234、",
        "0954-7012345/19900001234",
        "1990123、19900001234",
        "199 0000 1234 ",
    ],
)
def test_every_way_to_write_a_mobile_number_is_the_same_number(cell: object) -> None:
    assert read_phone(cell).number == "19900001234"


@pytest.mark.parametrize(
    ("cell", "digits"),
    [
        ("0954-7012345", "09547012345"),
        ("(0954)7012345", "09547012345"),
        (9547012345.0, "09547012345"),
        ("7012345", "7012345"),
        ("0954-7012345转801", "09547012345"),
        ("199/0954 7012345", "09547012345"),
    ],
)
def test_a_landline_is_told_apart_and_kept(cell: object, digits: str) -> None:
    with pytest.raises(PhoneProblem, match="座机") as refused:
        read_phone(cell)
    assert (refused.value.kind, refused.value.landline) == ("landline", digits)


@pytest.mark.parametrize(
    "cell", ["1990123", "199001234567", "12345678901", "199xxxx0000", "电话", "", None, 1.5, "+1 202 555 0100", "10086"]
)
def test_an_impossible_number_is_refused_without_being_repeated(cell: object) -> None:
    with pytest.raises(PhoneProblem) as refused:
        read_phone(cell)
    assert refused.value.kind == "impossible"
    assert refused.value.landline is None


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none(), st.booleans()))
def test_whatever_is_read_as_a_phone_has_eleven_digits(cell: object) -> None:
    try:
        number = read_phone(cell).number
    except PhoneProblem:
        return
    assert len(number) == 11
    assert number.isascii()
    assert number.isdigit()


def test_a_card_is_read_in_any_grouping() -> None:
    assert read_card("6299 0000 0000 0000 123") == "6299000000000000123"
    assert read_card("６２９９００００００００００００１２３") == "6299000000000000123"
    assert read_card("'6299-0000-0000-0000-123") == "6299000000000000123"


@pytest.mark.parametrize("cell", [6.29900000000000e18, 6299, "6.299E+18"])
def test_a_card_that_became_a_number_is_refused(cell: object) -> None:
    with pytest.raises(InputError, match="被表格软件变成了数字"):
        read_card(cell)


@pytest.mark.parametrize("cell", ["", None, "1234", "卡号", "6299*********0123"])
def test_what_is_no_card_is_refused(cell: object) -> None:
    with pytest.raises(InputError):
        read_card(cell)


def test_the_tail_of_a_card_is_read_whole_or_masked() -> None:
    assert card_tail("6299000000000000123") == "0123"
    assert card_tail("****1234") == "1234"
    assert card_tail("尾号 １２３４ ") == "1234"
    assert card_tail("123") is None
    assert card_tail("1234**") is None


@pytest.mark.parametrize("dot", "·•．・‧.⋅∙")
def test_names_with_any_dot_are_the_same_name(dot: str) -> None:
    assert normal_name(f" 尤素福{dot}马\u3000") == "尤素福·马"


@given(st.text(max_size=20))
def test_normal_names_and_folded_texts_stay_as_they_are(text: str) -> None:
    assert normal_name(normal_name(text)) == normal_name(text)
    assert fold(fold(text)) == fold(text)


def test_rare_characters_of_a_name_are_kept() -> None:
    assert normal_name("王\U00023cd7䶮") == "王\U00023cd7䶮"


@given(st.integers(1, 99))
def test_a_group_is_the_same_however_it_is_written(number: int) -> None:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    spoken = ("" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十") + (digits[ones] if ones else "")
    cells = (f"{spoken}组", f"{number}组", f"第{spoken}村民小组", f"第{number}小组", str(number), float(number), spoken)
    assert {normal_group(cell) for cell in cells} == {f"{number}组"}


@given(st.text(max_size=12))
def test_normal_groups_stay_as_they_are(text: str) -> None:
    once = normal_group(text)
    assert normal_group(once) == once


def test_a_group_with_a_name_keeps_it() -> None:
    assert normal_group("上庄村民小组") == "上庄组"
    assert normal_group("李家湾") == "李家湾"
    assert normal_group("组") == "组"
    assert normal_group("无") is None
    assert normal_group(None) is None


def test_masks_show_what_is_agreed_and_no_more() -> None:
    assert mask_name("王志强") == "王*"
    assert mask_name("") == "*"
    assert mask_id(an_id()) == f"640425********{an_id()[-4:]}"
    assert mask_id("640425") == "********"
    assert mask_phone("19900001234") == "199****1234"
    assert mask_phone("09547012345") == "****2345"
    assert mask_phone("7012345") == "****"
    assert mask_card("6299000000000000123") == "****0123"
    assert mask_card("1234") == "****"


def test_a_read_value_does_not_show_itself() -> None:
    assert an_id() not in repr(read_id(an_id()))
    assert "19900001234" not in repr(read_phone("19900001234"))


def test_what_clerks_write_for_nothing_says_nothing() -> None:
    assert all(says_nothing(cell) for cell in (None, "", " ", "无", "—", "/", "没有"))
    assert not says_nothing(0.0)


@pytest.mark.parametrize(
    ("name", "number", "is_swapped"),
    [
        ("640425197001010011", "样例甲", True),
        (" 64042519700101001x ", "马·样例", True),
        ("640425700101001", None, True),
        ("样例甲", "640425197001010011", False),
        ("640425197001010011", "640425197001010011", False),
        ("样例甲", None, False),
    ],
)
def test_a_name_and_an_id_in_each_others_column_are_changed_back(name: str, number: object, is_swapped: bool) -> None:
    cells = {"name": name, "id": number}
    assert unswapped(cells) == ({"name": number, "id": name} if is_swapped else cells)
    assert unswapped({"name": name}) == {"name": name}
