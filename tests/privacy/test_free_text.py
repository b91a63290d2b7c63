"""What is masked in free text, what stays, and what masks leave of a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.fields import clean_code, identity
from notifier.domain.free_text import kinship, masked, masked_published
from notifier.domain.identity import mask_card, mask_id, mask_name, mask_phone
from notifier.sandbox.county.numbers import card_number, landline, openid, phone_number, short_id, stranger_id

_NUMBERS = st.integers(0, 900_000)
_MAKERS = st.sampled_from((card_number, phone_number, stranger_id, landline, lambda n: short_id(stranger_id(n))))
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@given(_NUMBERS, _MAKERS, st.sampled_from(("", "电话", "（", "备注:")), st.booleans())
def test_no_number_of_a_person_survives(index: int, maker: object, before: str, is_wide: bool) -> None:
    assert callable(maker)
    number = str(maker(index))
    said = masked(f"{before}{number.translate(_WIDE) if is_wide else number}，样例")
    assert number not in said.translate({ord(wide): digit for digit, wide in enumerate("０１２３４５６７８９")})
    assert sum(letter.isdigit() for letter in said) <= 4
    assert masked(said) == said


@pytest.mark.parametrize("written", ["199 0000 1234", "199-0000-1234", "+86 19900001234", "6299 0123 4567 8901 234"])
def test_a_number_in_groups_is_masked(written: str) -> None:
    assert masked(f"请打{written}。") == "请打****。"


@pytest.mark.parametrize(
    "text",
    [
        "彭农补备〔2026〕12号", "2026年第3季度", "20260901-20260930", "2026-11-28 09:00-16:00，样例村部",
        "3.50亩×98.60元",
        "姓名与账户不符", "一组", "1,234.56",
    ],
)  # fmt: skip
def test_what_is_nobodys_stays(text: str) -> None:
    assert masked(text) == text


def test_own_names_are_masked_however_their_dot_and_blanks_are_written() -> None:
    assert masked("户名法图麦•样 例与账户不符", ["法图麦·样例"]) == "户名法*与账户不符"
    assert masked("样例甲乙的父亲", ["样例甲", "样例甲乙"]) == "样*的父亲"
    assert masked("(a\\1)", ["a\\1"]) == "(a*)"


def test_a_published_text_keeps_its_offices_landline_and_loses_ids() -> None:
    number = stranger_id(7)
    assert masked_published(f"咨询电话0954-7010000，{number}") == "咨询电话0954-7010000，****"


@given(_NUMBERS)
def test_masks_keep_too_little_to_tell_a_number(index: int) -> None:
    number, card, phone = stranger_id(index), card_number(index), phone_number(index)
    for value, mask, n_kept in (
        (number, mask_id, 10), (short_id(number), mask_id, 10), (card, mask_card, 4), (phone, mask_phone, 7),
    ):  # fmt: skip
        said = mask(value)
        assert value not in said
        assert sum(letter != "*" for letter in said) <= n_kept
    assert number[6:14] not in mask_id(number)
    assert mask_name("样例甲乙") == "样*"


@pytest.mark.parametrize("word", ["外甥", "二女婿", "继子"])
def test_words_of_kinship_stay(word: str) -> None:
    assert kinship(word) == word


@pytest.mark.parametrize("word", ["样例甲", phone_number(3), "", "户主" * 9])
def test_what_is_no_kinship_is_not_kept(word: str) -> None:
    assert kinship(word) is None


@given(_NUMBERS)
def test_a_gateway_cannot_make_us_keep_a_person_as_its_code_or_reference(index: int) -> None:
    for value in (phone_number(index), stranger_id(index), openid(index), f"+86{phone_number(index)}"):
        assert identity(value) is None
        assert clean_code(f"ERR {value.strip('+')}") == ""
    for code in ("isv.SMS_SIGNATURE_SCENE_ILLEGAL", "MK:0001", "DELIVRD", "45009", "MOBILE_NOT_ON_SERVICE"):
        assert clean_code(code) == code
    assert identity("900619746936498440^0") == "900619746936498440^0"
