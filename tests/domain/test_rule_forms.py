"""A rule in its forms: plain, JSON, Chinese."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import InputError
from notifier.domain.rule_forms import explain, from_form, from_json, holds, to_form, to_json
from notifier.domain.rules import ATTRIBUTES, AllOf, AnyOf, AttributeKind, Comparison, Has, Not, Rule, Within
from tests.registered import COUNTY, NAMES

FARMS = Has("farmland_mu", Comparison.MORE, Decimal(0))
POOR = Has("is_low_income", Comparison.EQUAL, Decimal(1))

_values = st.decimals(-5, 5000, places=4)
_has = st.builds(
    lambda attribute, comparison, value: (
        Has(attribute.column, Comparison.EQUAL, Decimal(int(value) % 2))
        if attribute.kind is AttributeKind.FLAG
        else Has(attribute.column, comparison, value)
    ),
    st.sampled_from(ATTRIBUTES),
    st.sampled_from(Comparison),
    _values,
)
_within = st.builds(Within, st.sampled_from([*NAMES, "640425200000"]))


def _grown(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(parts, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, parts))


rules: st.SearchStrategy[Rule] = st.recursive(st.one_of(_has, _within), _grown, max_leaves=8)


@given(rules)
def test_a_rule_comes_back_from_its_json(rule: Rule) -> None:
    assert from_json(to_json(rule)) == rule


@given(rules)
def test_every_rule_can_be_said_in_chinese(rule: Rule) -> None:
    assert explain(rule, NAMES)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (AllOf((Within(COUNTY), FARMS)), "居住在彭阳县，且耕地多于0亩"),
        (AllOf((Within(COUNTY), AnyOf((POOR, FARMS)))), "居住在彭阳县，且（是低保或耕地多于0亩）"),
        (Not(POOR), "不符合（是低保）"),
        (AllOf(()), "全部农户"),
        (AnyOf(()), "没有农户"),
        (Has("n_sheep", Comparison.AT_LEAST, Decimal(3)), "羊只数不少于3"),
    ],
)
def test_the_sentence_of_a_rule(rule: Rule, said: str) -> None:
    assert explain(rule, NAMES) == said


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({"has": ["salary", ">", "0"]}, "salary"),
        ({"has": ["farmland_mu", "~", "0"]}, "farmland_mu"),
        ({"has": ["farmland_mu", ">", "many"]}, "farmland_mu"),
        ({"has": ["farmland_mu", ">", "NaN"]}, "farmland_mu"),
        ({"has": ["is_low_income", ">", "0"]}, "is_low_income"),
        ({"has": "farmland_mu"}, "has"),
        ({"within": "彭阳县"}, "within"),
        ({"some": []}, "some"),
        ({"all": {}}, "all"),
        ({}, "{has=…}"),
        (7, "{has=…}"),
    ],
)
def test_a_wrong_form_is_refused_by_the_name_of_its_part(form: object, named: str) -> None:
    with pytest.raises(InputError, match=named.replace("{", r"\{")):
        from_form(form)


def test_a_bottomless_form_is_refused() -> None:
    form: dict[str, object] = {"all": []}
    for _ in range(500):
        form = {"not": form}
    with pytest.raises(InputError, match="嵌套"):
        from_form(form)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_form_raises_anything_but_an_input_error(form: object) -> None:
    try:
        rule = from_form(form)
    except InputError:
        return
    assert from_form(to_form(rule)) == rule


def test_a_flag_holds_for_those_who_have_it() -> None:
    assert holds(POOR, {"is_low_income": 1}, COUNTY)
    assert not holds(POOR, {"is_low_income": 0}, COUNTY)
