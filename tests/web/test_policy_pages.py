"""Policies judged and sources tended by people, over the real ledger and the real desks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.domain.benefits import AuditState, Finding, Policy
from notifier.domain.errors import InputError
from notifier.domain.rule_forms import to_json
from notifier.domain.rules import Comparison, Has
from notifier.domain.watched import SourceState
from notifier.sources.headers import load_aliases
from notifier.store.audit import latest
from notifier.store.benefits import Origin, add_policy
from notifier.store.tables.columns import stamp
from notifier.store.undated import keep_undated
from notifier.store.understood import keep_understanding
from notifier.store.versions import add_version
from notifier.watch.deciding import WatchDesk
from notifier.web.desk import DESK
from tests.report import ground
from tests.web.front import Front

HEADERS = Path(__file__).parents[2] / "config/headers.toml"
URL = "http://sites.invalid/policies/1.html"
TOLD = Policy(
    "关于养羊户补贴的通知",
    "彭阳县农业农村局",
    "彭农发〔2026〕1号",
    date(2026, 11, 1),
    URL,
    "每只羊补贴100元。\n请到村委会申报。",
)
MENDED = Policy(
    TOLD.title, TOLD.issuer, TOLD.document_number, TOLD.published_on, URL, "每只羊补贴120元。\n请到村委会申报。"
)
SAID = (
    '{"topic": "养殖补贴", "field": "涉农补贴", "region": null, "groups": ["养羊户"], "left_out": [], '
    '"amounts": [{"said": "100元/只", "fen": 10000, "per": "只", "phrase": "每只羊补贴100元"}], '
    '"deadlines": [{"on": "2026-01-31", "phrase": "1月31日前"}], "elements": {"标准": "每只羊补贴100元。"}, '
    '"missing": ["电话", "时限"], "rule": null, "confidence": 55, "evidence": [{"phrase": "养羊", "where": "标题", '
    '"context": "关于养羊户补贴的通知", "topic": "养殖补贴"}], "unread": [{"phrase": "满5只", '
    '"where": "正文", "context": "养羊满5只的"}], "summary": "每只羊补贴100元", '
    '"pieces": ["每只羊补贴100元"]}'
)


@dataclass
class Looks:
    """Sources that are looked at without a network; decisions are real."""

    deciding: WatchDesk
    asked: list[str] = field(default_factory=list)
    refusal: str | None = None

    @property
    def titles(self) -> Mapping[str, str]:
        return {"site": "县政府网站", "folder": "共享文件夹"}

    async def look(self, name: str, who: str) -> str:
        if self.refusal:
            raise InputError(self.refusal)
        self.asked.append(name)
        return "查看完成，新 0 条"


@pytest.fixture
async def desk(front: Front) -> Front:
    """The ground's policy campaign 3 has its paper, with an understanding; and the sources have a desk."""
    app = front.client.app
    assert app is not None
    looks = Looks(WatchDesk(front.ledger, front.clock, load_aliases(HEADERS, "payments"), AuditState.COUNTY))
    object.__setattr__(app[DESK], "sources", looks)
    async with front.ledger.writing() as c:
        benefit = await add_policy(front.ledger, c, TOLD, Origin("site", ground.COUNTY, 1, ground.NOW))
        await keep_understanding(c, benefit, 1, SAID, ground.NOW)
        rule = to_json(Has("n_sheep", Comparison.AT_LEAST, Decimal(10)))
        await c.execute(
            text("UPDATE campaign SET benefit_id = :benefit, rule = :rule, confidence = 55 WHERE id = 3"),
            {"benefit": benefit, "rule": rule},
        )
        await c.execute(text("UPDATE household SET n_sheep = 40 WHERE id IN (1001, 1014)"))
    return front


async def test_a_suggestion_is_shown_with_its_phrases_edited_and_kept_as_a_decision(desk: Front) -> None:
    await desk.log_in("guanli")
    listed = await desk.page("/policies")
    assert "请人工核对" in listed
    page = await desk.page("/policies/3")
    for words in (
        "<mark>养羊</mark>",
        "<mark>满5只</mark>",
        "缺 电话、时限",
        "已过期",
        "请人工核对",
        "100元/只",
        "羊只数 &gt;= 10",
    ):
        assert words in page, words
    part = await desk.page("/policies/3/audience")
    assert re.search(r"将通知 <strong>2</strong> 户", part)
    assert not any(name in part for name in ground.NAMES)
    fault = await (await desk.post("/policies/3/edit", rule="羊只数 >= 很多")).text()
    assert "第1行" in fault
    await desk.post("/policies/3/edit", rule="羊只数 >= 30 且 非 低保", remark="按文件第三条")
    page = await desk.page("/policies/3")
    assert "需由另一人审核" in page
    assert "羊只数 &gt;= 30 且 非 低保" in page
    assert "按文件第三条" in await desk.page("/policies/decisions")
    assert (await latest(desk.ledger, 1))[0].what == "policy.decide"


async def test_a_refusal_wants_its_reason_and_ends_the_campaign(desk: Front) -> None:
    await desk.log_in("guanli")
    await desk.post("/policies/3/refuse", remark=" ")
    assert "请写明" in await desk.page("/policies/3")
    await desk.post("/policies/3/refuse", remark="不涉及农户")
    assert "没有等待判断的政策" in await desk.page("/policies")
    assert "不通知" in await desk.page("/policies?all=1")
    await desk.post("/policies/3/accept")
    assert "不能再改" in await desk.page("/policies/3")


async def test_what_a_clerk_drafts_waits_for_nobody_s_judgement(desk: Front) -> None:
    await desk.log_in("guanli")
    await desk.post("/drafts", title="样例自拟通知")
    assert "样例自拟通知" in await desk.page("/drafts")
    assert "样例自拟通知" not in await desk.page("/policies?all=1")


async def test_a_township_sees_a_county_policy_and_cannot_decide_it(desk: Front) -> None:
    await desk.log_in("baiyang")
    page = await desk.page("/policies/3")
    assert "采纳建议" not in page
    assert (await desk.post("/policies/3/accept")).status == 403
    assert re.search(r"将通知 <strong>1</strong> 户", await desk.page("/policies/3/audience"))
    await desk.log_in("wangwa")
    await desk.page("/policies/3", 403)


async def test_a_changed_paper_is_shown_line_by_line_and_told_again_once(desk: Front) -> None:
    async with desk.ledger.writing() as c:
        benefit = (await c.execute(text("SELECT benefit_id FROM campaign WHERE id = 3"))).scalar_one()
        await add_version(desk.ledger, c, Finding("site", ("a",), MENDED, b"raw", ground.NOW), benefit)
    await desk.log_in("guanli")
    page = await desk.page("/sources")
    assert "原为：每只羊补贴100元。" in page
    assert "改为：每只羊补贴120元。" in page
    form = {"benefit": str(benefit), "version": "2"}
    await desk.post("/sources/tell", **form)
    assert "再次通知" in await desk.page("/sources")
    await desk.post("/sources/tell", **form)
    assert "没有等待处理" in await desk.page("/sources")
    assert (await desk.page("/policies/3")).count("120元") == 1


async def test_what_has_no_date_waits_for_one_and_health_is_told(desk: Front) -> None:
    undated = Policy("没有日期的通知", None, None, None, "http://sites.invalid/2.html", "内容")
    async with desk.ledger.writing() as c:
        origin = Origin("site", ground.WANGWA, 1, ground.NOW)
        item = await keep_undated(c, Finding("site", ("b",), undated, b"raw", ground.NOW), origin)
        await c.execute(
            text(
                "INSERT INTO source (name, state, looked_at, complete_at, last_error, drift, memory, baseline_at) "
                "VALUES ('site', :state, :at, :at, NULL, '列表由 30 条变为 2 条', '{}', :at)"
            ),
            {"state": SourceState.DRIFT.value, "at": stamp(ground.NOW)},
        )
    await desk.log_in("baiyang")
    assert "没有日期的通知" not in await desk.page("/sources")
    await desk.post("/sources/date", item=str(item), on="2026-11-20")
    assert "不在您的区域内" in await desk.page("/sources")
    assert (await desk.post("/sources/accept", source="site")).status == 404
    await desk.log_in("guanli")
    page = await desk.page("/sources")
    for words in ("没有日期的通知", "疑似改版", "列表由 30 条变为 2 条", "还没有查看过"):
        assert words in page, words
    await desk.post("/sources/date", item=str(item), on="2026-11-20")
    assert "已补日期" in await desk.page("/sources")
    await desk.post("/sources/accept", source="site")
    assert "疑似改版" not in await desk.page("/sources")
    await desk.log_in("yunwei")
    await desk.post("/sources/look", source="site")
    assert "查看完成" in await desk.page("/sources")
    assert (await desk.post("/sources/date", item="1", on="2026-11-20")).status == 403
