"""What a policy is about, in which words, and how it is summed up."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import ConfigError
from notifier.match.places import region_of_issuer, village_places
from notifier.match.proposals import describe
from notifier.match.summaries import MOST_UNITS, n_units, summarise
from notifier.match.taxonomy import load_taxonomy
from notifier.match.topics import judge
from tests.registered import COUNTY, NAMES, OTHER_VILLAGE, TOWNSHIP, VILLAGE

TAXONOMY = load_taxonomy(Path("config/taxonomy.toml"))
SITE = tomllib.loads(files("notifier.sandbox.site").joinpath("policies.toml").read_text("utf-8"))["policy"]


@pytest.mark.parametrize("policy", SITE, ids=lambda policy: str(policy["slug"]))
def test_every_notice_of_the_small_site_is_understood(policy: dict[str, str]) -> None:
    assert (judge(policy["title"], policy["text"], TAXONOMY).topic or "") == policy["topic"]


def test_the_evidence_is_the_very_words_and_where_they_stand() -> None:
    title, body = "关于提高高龄津贴标准的通知", "从本月起提高高龄津贴。高龄老人按月领取。"
    judgement = judge(title, body, TAXONOMY)
    assert judgement.confidence == 95
    assert [(one.phrase, one.where) for one in judgement.evidence] == [
        ("高龄津贴", "标题"), ("高龄津贴", "正文"), ("高龄老人", "正文"),
    ]  # fmt: skip
    assert all(one.phrase in one.context and one.context in title + body for one in judgement.evidence)


def test_a_title_can_have_two_topics() -> None:
    judgement = judge("关于农村低保和特困供养标准的通知", "", TAXONOMY)
    assert judgement.topic == "农村最低生活保障、特困人员供养"


def test_one_word_in_a_text_is_not_enough() -> None:
    judgement = judge("关于加强资金管理的通知", "包括高龄津贴在内。", TAXONOMY)
    assert (judgement.topic, judgement.confidence) == (None, 0)
    assert len(judgement.evidence) == 1


def test_a_text_that_names_a_topic_often_is_about_it_but_less_surely() -> None:
    judgement = judge("关于加强资金管理的通知", "高龄津贴。高龄津贴。农机补贴。", TAXONOMY)
    assert (judgement.topic, judgement.confidence) == ("高龄津贴", 60)


def test_a_purchase_for_a_subsidy_is_no_subsidy() -> None:
    assert judge("耕地地力保护补贴核查服务采购公告", "耕地地力保护补贴耕地地力保护补贴", TAXONOMY).topic is None


@given(st.text(), st.text())
def test_any_text_can_be_judged(title: str, body: str) -> None:
    judgement = judge(title, body, TAXONOMY)
    assert judgement.topic or judgement.confidence == 0


@pytest.mark.parametrize("policy", SITE, ids=lambda policy: str(policy["slug"]))
def test_a_summary_is_short_and_made_of_the_texts_own_words(policy: dict[str, str]) -> None:
    body = str(policy["text"])
    summary = summarise(body, [])
    assert n_units(summary) <= MOST_UNITS
    flat = "".join(body.split())
    pieces = [part for part in summary.replace("…", "").replace("；", "。").split("。") if part]
    assert pieces
    assert all("".join(piece.split()) in flat for piece in pieces)


def test_a_summary_skips_salutation_and_preamble() -> None:
    body = "各乡镇人民政府：\n为落实政策，现就有关工作通知如下。\n一、补贴标准。每亩补助92.40元。"
    assert summarise(body, []) == "补贴标准。每亩补助92.40元。"


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_a_summary_never_exceeds_its_length(body: str, keywords: list[str]) -> None:
    assert n_units(summarise(body, keywords)) <= MOST_UNITS


@pytest.mark.parametrize(
    ("issuer", "own", "code"),
    [
        ("白阳镇人民政府", COUNTY, TOWNSHIP), ("彭阳县民政局", None, COUNTY),
        ("固原市人民政府", COUNTY, "640400000000"),
        ("民政局", COUNTY, COUNTY), (None, None, COUNTY),
    ],
)  # fmt: skip
def test_the_region_of_an_issuer(issuer: str | None, own: str | None, code: str) -> None:
    assert region_of_issuer(issuer, own, NAMES) == code


def test_villages_are_found_with_and_without_township_and_suffix() -> None:
    tree = NAMES | {"640425101000": "王洼镇", "640425101201": "白阳样例二村"}
    texts = ["白阳镇白阳样例一村", "白阳样例一", "白阳样例二村", "王洼镇白阳样例二村", "无名村"]
    assert village_places(texts, tree) == [
        ("白阳镇白阳样例一村", VILLAGE), ("白阳样例一", VILLAGE), ("白阳样例二村", OTHER_VILLAGE),
        ("白阳样例二村", "640425101201"), ("王洼镇白阳样例二村", "640425101201"),
    ]  # fmt: skip


def test_a_campaign_shows_why_it_is_for_whom() -> None:
    said = describe(
        "是低保", '[{"phrase": "低保金", "where": "标题", "context": "发放低保金的通知", "topic": "x"}]', 90
    )
    assert said == ["通知对象：是低保", "把握程度：90%", "依据：标题“…发放低保金的通知…”中的“低保金”"]
    assert describe(None, "[]", 0) == ["通知对象：尚未确定，需人工选定"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("topic = 1", "topic"),
        ('[[topic]]\nname = "a"\nkeywords = []\nrule = {all = []}', "keywords"),
        ('[[topic]]\nname = "a"\nkeywords = [" "]\nrule = {all = []}', "空的关键词"),
        ('[[topic]]\nname = "甲"\nkeywords = ["x"]\nrule = {has = ["salary", ">", "0"]}', "salary"),
        ("[[topic", "TOML"),
    ],
)
def test_a_wrong_taxonomy_is_named_with_its_mend(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "taxonomy.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=said):
        load_taxonomy(file)
