"""A rule in its forms: JSON, Chinese sentence, text of the rule language, rows of a form."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import InputError
from notifier.domain.rule_fields import Field
from notifier.domain.rule_forms import explain, from_form, from_json, to_form, to_json
from notifier.domain.rule_reasons import holds, why
from notifier.domain.rule_rows import (
    Row,
    RowsError,
    choices,
    form_of,
    rows_of,
    rows_sent,
    rule_of_rows,
    with_row,
    without_row,
)
from notifier.domain.rules import AllOf, AnyOf, Comparison, Facts, Has, Not, Received, Rule, Vocabulary, Within, tidy
from tests.domain.rule_strategies import WORDS, rules
from tests.registered import COUNTY, NAMES

FARMS = Has("farmland_mu", Comparison.MORE, Decimal(0))
POOR = Has("is_low_income", Comparison.EQUAL, Decimal(1))


@given(rules)
def test_a_rule_comes_back_from_its_json(rule: Rule) -> None:
    assert from_json(to_json(rule)) == rule


@given(rules)
def test_a_rule_comes_back_from_the_rows_of_its_form(rule: Rule) -> None:
    rows = rows_of(rule, WORDS)
    assert rows_sent(form_of(rows)) == rows
    assert rule_of_rows(rows, WORDS) == tidy(rule)
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
        (
            Received("耕地补贴", 2025, None, date(2025, 6, 1), Comparison.AT_LEAST, 10050),
            "2025年至2025-06-01领过“耕地补贴”，合计不少于100.50元",
        ),
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
        ({"keeps": ["", ">", "1"]}, "keeps"),
        ({"registered": [">", "2025-02-30"]}, "registered"),
        ({"received": {"item": "x", "yaer": 2025}}, "received"),
        ({"received": {"item": "x", "amount_fen": [">", "1.5"]}}, "received"),
        ({"listed": "甲\n乙"}, "listed"),
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


_scalars = st.none() | st.booleans() | st.floats() | st.text()
_keys = st.sampled_from(["has", "keeps", "received", "registered", "listed", "item", "year", "amount_fen", "first_on"])


@given(st.recursive(_scalars, lambda x: st.lists(x) | st.dictionaries(_keys | st.text(), x)))
def test_no_form_raises_anything_but_an_input_error(form: object) -> None:
    try:
        rule = from_form(form)
    except InputError:
        return
    assert from_form(to_form(rule)) == rule


def test_each_bad_row_is_named_with_its_mend() -> None:
    rows = [
        Row(0, Field("all")),
        Row(1, Field("farmland_mu", comparison=">=", value="五")),
        Row(1, Field("is_low_income", value="是")),
        Row(3, Field("within", value="彭阳县")),
        Row(1, Field("listed", name="没有的名单")),
        Row(1, Field("within", value="白阳样例一村")),
        Row(1, Field("")),
    ]
    with pytest.raises(RowsError) as caught:
        rule_of_rows(rows, WORDS)
    assert sorted(caught.value.problems) == [1, 3, 4, 5, 6]
    assert "数字" in caught.value.problems[1]
    assert "2处" in caught.value.problems[5]


def test_rows_are_added_to_a_group_and_leave_with_what_is_in_them() -> None:
    rows = rows_of(AllOf((POOR, AnyOf((FARMS, POOR)), FARMS)), WORDS)
    grown = with_row(rows, 2, "n_sheep")
    assert [(row.depth, row.field.what) for row in grown[2:]] == [
        (1, "any"), (2, "farmland_mu"), (2, "is_low_income"), (2, "n_sheep"), (1, "farmland_mu"),
    ]  # fmt: skip
    assert [row.field.what for row in without_row(grown, 2)] == ["all", "is_low_income", "farmland_mu"]
    assert [row.field.what for row in without_row(grown, 0)] == ["all"]
    assert {"within", "received", "listed", "kind"} <= {one.what for one in choices(WORDS)}
    assert {"received", "listed", "kind"}.isdisjoint({one.what for one in choices(Vocabulary())})


def test_why_a_household_is_owed_or_not_is_said_part_by_part() -> None:
    rule = AllOf((Within(COUNTY), AnyOf((POOR, FARMS)), Not(Has("n_disabled", Comparison.MORE, Decimal(0)))))
    attributes: dict[str, Decimal | int] = {"is_low_income": 0, "farmland_mu": Decimal("3.5"), "n_disabled": 0}
    matched = why(rule, Facts(COUNTY, attributes), NAMES)
    assert [part.line for part in matched.parts] == [
        "✓ 同时符合：",
        "\u3000✓ 居住在彭阳县（本户：彭阳县）",
        "\u3000✓ 符合其一：",
        "\u3000\u3000✗ 是低保",
        "\u3000\u3000✓ 耕地多于0亩（本户：3.5亩）",
        "\u3000✓ 不符合（残疾人数多于0）（本户：0）",
    ]
    reasons = ["居住在彭阳县（本户：彭阳县）", "耕地多于0亩（本户：3.5亩）", "“残疾人数多于0”不成立（本户：0）"]
    assert matched.sentence == "符合：" + "；".join(reasons)
    refused = why(rule, Facts(COUNTY, attributes | {"n_disabled": 2}), NAMES)
    assert not refused.holds
    assert refused.sentence == "不符合：残疾人数多于0（本户：2）"


@given(rules)
def test_what_is_said_of_a_household_is_what_holds(rule: Rule) -> None:
    facts = Facts(COUNTY, dict.fromkeys(ATTRIBUTES_OF_NOBODY, Decimal(1)))
    said = why(rule, facts, NAMES)
    assert said.holds == holds(rule, facts) == said.parts[0].holds
    assert said.sentence.startswith("符合：" if said.holds else "不符合：")


ATTRIBUTES_OF_NOBODY = [choice.what for choice in choices(WORDS)]
