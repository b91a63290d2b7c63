"""Money is whole fen; texts say it in yuan without losing any."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.money import fen, plain, product_agrees, yuan

FEN = st.integers(-(10**12), 10**12)


@given(FEN)
def test_what_is_written_is_read_back_to_the_fen(amount: int) -> None:
    assert fen(yuan(amount)) == fen(yuan(amount) + "元") == amount


@given(st.integers(0, 10**10))
def test_separators_signs_and_units_do_not_change_the_amount(amount: int) -> None:
    whole, cents = divmod(amount, 100)
    for text in (f"{whole:,}.{cents:02d}", f"¥{whole}.{cents:02d}", f" ￥{whole}.{cents:02d} 元 "):
        assert fen(text) == amount


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("0.12万元", "元", 120_000),
        ("0.12", "万元", 120_000),
        ("1.5万", "元", 1_500_000),
        ("12元", "万元", 12_000_000),
        ("1187.5", "元", 118_750),
        ("0.005", "元", 1),
        ("-3", "元", -300),
    ],
)
def test_units_and_half_fen(text: str, unit: str, amount: int) -> None:
    assert fen(text, unit=unit) == amount


@pytest.mark.parametrize("text", ["", "元", "12,3a", "1.2.3", "1e5", "十二", "--1", "1 2 x", "9" * 40])
def test_what_is_no_amount_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        fen(text)
    assert not text.strip() or len(text) == 1 or text not in str(refused.value)


@given(st.decimals(0, 10**6, places=3))
def test_a_plain_number_has_no_exponent_and_no_trailing_zeros_and_is_the_same_number(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert "." not in text or not text.endswith(("0", "."))


@given(st.decimals("0.01", 1000, places=2), st.integers(1, 100_000), st.integers(-3, 3))
def test_area_times_standard_agrees_within_a_fen(area: Decimal, standard: int, off: int) -> None:
    exact = area * standard
    assert product_agrees(area, standard, round(exact))
    assert product_agrees(area, standard, int(exact))
    assert not product_agrees(area, standard, int(exact) + 3 + abs(off))
