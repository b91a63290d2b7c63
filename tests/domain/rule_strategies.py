"""Any rule that a county can write, and households for it to meet."""

from datetime import date

from hypothesis import strategies as st

from notifier.domain.rules import (
    ATTRIBUTE,
    AllOf,
    AnyOf,
    AttributeKind,
    Comparison,
    Has,
    Keeps,
    Listed,
    Not,
    Received,
    Registered,
    Rule,
    Vocabulary,
    Within,
)
from tests.registered import NAMES

REGIONS = NAMES | {"640425200000": "城阳样例乡", "640425200201": "白阳样例一村"}
ITEMS = ("耕地地力保护补贴", "草原“禁牧”补助", '冬季"取暖"补贴')
KINDS = ("骆驼", "非洲雁", "在棚蜂箱", "驴 骡", "黑木耳")
LISTS = ("2026危房名单", '名单 "甲"', "全部农户")
WORDS = Vocabulary(REGIONS, KINDS, ITEMS, LISTS)

numbers = st.decimals(-5, 5000, places=4)
_days = st.dates(date(2024, 1, 1), date(2026, 12, 31))
_has = st.builds(
    lambda attribute, comparison, value: (
        Has(attribute.column, Comparison.EQUAL, (value // 1) % 2)
        if attribute.kind is AttributeKind.FLAG
        else Has(attribute.column, comparison, value)
    ),
    st.sampled_from(list(ATTRIBUTE.values())),
    st.sampled_from(Comparison),
    st.decimals(0, 50, places=4),
)
_received = st.builds(
    lambda item, year, ends, sum_: Received(item, year, *ends, *sum_),
    st.sampled_from(ITEMS),
    st.none() | st.sampled_from([2024, 2025, 2026]),
    st.tuples(st.none() | _days, st.none() | _days),
    st.just((None, 0)) | st.tuples(st.sampled_from(Comparison), st.integers(-100, 60_000)),
)
leaves: st.SearchStrategy[Rule] = st.one_of(
    _has,
    st.builds(Keeps, st.sampled_from(KINDS), st.sampled_from(Comparison), st.decimals(-2, 20, places=4)),
    st.builds(Registered, st.sampled_from(Comparison), _days),
    _received,
    st.builds(Listed, st.sampled_from(LISTS)),
    st.builds(Within, st.sampled_from(list(REGIONS))),
)


def _grown(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(parts, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, parts))


rules: st.SearchStrategy[Rule] = st.recursive(leaves, _grown, max_leaves=8)
