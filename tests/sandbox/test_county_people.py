"""The people of the synthetic county are plausible, apart from one another, and the same every time."""

import csv
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from notifier.sandbox.county import County, Household, build_county, write_regions
from notifier.sandbox.county.names import DOT
from notifier.sandbox.county.numbers import (
    IdRegister,
    card_number,
    is_valid_id,
    landline,
    openid,
    phone_number,
    short_id,
    stranger_id,
)
from notifier.sandbox.county.people import AS_OF
from notifier.sandbox.county.regions import chinese_number, townships

REGIONS = Path(__file__).parents[2] / "config" / "regions.csv"


@pytest.fixture(scope="module")
def homes() -> list[Household]:
    return list(build_county(seed=7, n_households=3_000).households())


def test_the_committed_regions_are_the_tree_the_county_is_built_on(tmp_path: Path) -> None:
    write_regions(tmp_path / "regions.csv")
    assert (tmp_path / "regions.csv").read_bytes() == REGIONS.read_bytes()


def test_the_tree_has_twelve_real_townships_with_their_gap_and_156_synthetic_villages() -> None:
    with REGIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["level"] for row in rows) == {"省": 1, "市": 1, "县": 1, "乡": 12, "村": 156}
    codes = [row["code"] for row in rows]
    assert len(set(codes)) == len(rows)
    assert all(len(code) == 12 for code in codes)
    assert "640425202000" not in codes
    assert "640425208000" in codes
    assert all(row["parent"] in codes for row in rows[1:])
    villages = [row for row in rows if row["level"] == "村"]
    assert all("样例" in row["name"] and row["synthetic"] == "1" for row in villages)
    assert all(row["code"][:9] == row["parent"][:9] for row in villages)
    assert len({row["name"] for row in villages}) == 156


@pytest.mark.parametrize(("number", "spoken"), [(1, "一"), (10, "十"), (18, "十八"), (20, "二十"), (34, "三十四")])
def test_numbers_are_spoken_as_people_speak_them(number: int, spoken: str) -> None:
    assert chinese_number(number) == spoken


@given(st.dates(date(1920, 1, 1), date(2026, 9, 30)), st.booleans())
def test_every_id_given_out_is_valid_and_tells_birth_and_sex(born_on: date, male: bool) -> None:
    number = IdRegister().issue(born_on, male)
    assert is_valid_id(number)
    assert ric.calc_check_digit(number) == number[17]
    assert number.startswith("640425")
    assert number[6:14] == f"{born_on:%Y%m%d}"
    assert (int(number[16]) % 2 == 1) is male


def test_a_day_with_too_many_births_goes_on_tomorrow_and_no_id_is_given_twice() -> None:
    register = IdRegister()
    numbers = [register.issue(date(1970, 12, 31), True) for _ in range(1_000)]
    assert len(set(numbers)) == 1_000
    assert all(map(is_valid_id, numbers))
    assert numbers[-1][6:14] == "19710102"


@given(st.sampled_from(range(18)), st.sampled_from("0123456789X"))
def test_an_id_with_one_character_changed_is_not_valid(at: int, other: str) -> None:
    number = "64042519700615002" + "0"
    right = next(number[:17] + check for check in "0123456789X" if is_valid_id(number[:17] + check))
    changed = right[:at] + other + right[at + 1 :]
    assert is_valid_id(changed) is (changed == right)


@given(st.sets(st.integers(0, 9_999_999), min_size=2, max_size=50))
def test_phones_cards_and_openids_differ_wherever_the_index_does(indexes: set[int]) -> None:
    phones = {phone_number(index) for index in indexes}
    cards = {card_number(index) for index in indexes}
    assert len(phones) == len(cards) == len({openid(index) for index in indexes}) == len(indexes)
    assert all(len(phone) == 11 and phone.startswith("199") for phone in phones)
    assert all(len(card) == 19 and card.startswith("6299") and luhn.is_valid(card) for card in cards)
    assert all(landline(index).startswith("0954-7") and len(openid(index)) == 28 for index in indexes)


def test_strangers_have_valid_ids_that_nobody_in_the_county_has(homes: list[Household]) -> None:
    strangers = {stranger_id(index) for index in range(0, 1_000_000, 997)}
    assert all(map(is_valid_id, strangers))
    assert not strangers & {person.id_number for home in homes for person in home.people}


def test_everybody_has_an_id_of_their_own_that_fits_their_birth(homes: list[Household]) -> None:
    people = [person for home in homes for person in home.people]
    assert len({person.id_number for person in people}) == len(people)
    assert all(is_valid_id(p.id_number) and p.id_number[6:14] == f"{p.born_on:%Y%m%d}" for p in people)
    assert all(date(1900, 1, 1) < p.born_on <= AS_OF for p in people)
    assert all(short_id(p.id_number).isdigit() for p in people if p.legacy_id)
    assert any(p.legacy_id for p in people)


def test_every_phone_is_synthetic_or_a_landline_of_the_county(homes: list[Household]) -> None:
    phones = [home.phone for home in homes] + [p.phone for home in homes for p in home.people]
    assert all(phone == "" or phone.startswith(("199", "0954-7")) for phone in phones)
    assert all(len(phone) == 11 for phone in phones if phone.startswith("199"))


def test_shares_of_phoneless_following_and_poor_households_are_as_in_the_county(
    homes: list[Household],
) -> None:
    n = len(homes)
    assert 0.04 < sum(not home.phone for home in homes) / n < 0.08
    assert 0.30 < sum(bool(home.openid) for home in homes) / n < 0.40
    assert 0.07 < sum(home.minimum_living for home in homes) / n < 0.13
    assert all(2 <= len(home.people) <= 5 for home in homes)
    assert any(DOT in p.name for home in homes for p in home.people)
    assert any(p.age() >= 80 for home in homes for p in home.people)


def test_some_families_share_a_phone_and_a_cadre_carries_a_dozen_households() -> None:
    homes = build_county(seed=3, n_households=10_000).households()
    carried = Counter(Counter(home.phone for home in homes if home.phone).values())
    assert carried[2] > 100
    assert max(carried) > 20


def test_each_larger_village_has_two_householders_of_one_name() -> None:
    for _, homes in build_county(seed=5, n_households=3_000).by_village():
        assert homes[2].householder.name == homes[5].householder.name
        assert homes[2].householder.id_number != homes[5].householder.id_number


@settings(max_examples=15)
@given(st.integers(0, 2_000), st.integers(0, 10**9))
def test_a_county_has_the_households_asked_for_and_each_its_own_number(n: int, seed: int) -> None:
    county = build_county(seed, n)
    numbers = [home.number for home in county.households()]
    assert len(numbers) == len(set(numbers)) == n
    assert numbers == sorted(numbers)


def test_the_same_seed_gives_the_same_county_and_another_seed_another() -> None:
    def ids(county: County) -> list[str]:
        return [home.householder.id_number for home in county.households()]

    county = build_county(1, 500)
    assert ids(county) == ids(county) == ids(build_county(1, 500))
    assert ids(county) != ids(build_county(2, 500))


@pytest.mark.parametrize("n", [-1, 1_000_001])
def test_a_county_of_impossible_size_is_refused_in_a_sentence(n: int) -> None:
    with pytest.raises(ValueError, match="农户数应在 0 到 1000000 之间"):
        build_county(1, n)


def test_people_are_not_shown_by_their_repr(homes: list[Household]) -> None:
    home = homes[0]
    shown = repr(home) + repr(home.householder)
    assert home.householder.id_number not in shown
    assert home.householder.name not in shown


def test_twenty_thousand_households_are_made_in_seconds() -> None:
    began = time.process_time()
    assert sum(1 for _ in build_county().households()) == 20_000
    assert time.process_time() - began < 3 * _SLOWEST_CORE


# a core shared with others still has to do it in this many times the promised three seconds
_SLOWEST_CORE = 2


def test_villages_come_in_order_of_code() -> None:
    codes = [village.code for township in townships() for village in township.villages]
    assert codes == sorted(codes)
    assert len(codes) == 156
