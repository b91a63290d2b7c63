"""Matching on both databases: lines find persons by the surest way, the rest is queued; campaigns wait their turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from notifier.domain import settings
from notifier.domain.benefits import Policy
from notifier.domain.errors import InputError
from notifier.match.step import MatchReport, rematch, step
from notifier.sources.headers import load_aliases
from notifier.store.benefits import Origin, add_policy
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.tally import check
from notifier.store.unmatched import count_unmatched, list_unmatched, refuse, resolve
from notifier.watch.importing import Handed, import_payments
from tests.registered import (
    COUNTY,
    NOW,
    OTHER_VILLAGE,
    TITLE,
    Cell,
    FrozenClock,
    Home,
    a_line,
    a_workbook,
    an_id,
    register,
)

ALIASES = load_aliases(Path("config/headers.toml"), "payments")


@dataclass
class Slices:
    """The settings that matching asks for."""

    match: settings.Match = field(default_factory=settings.Match)
    campaigns: settings.Campaigns = field(default_factory=settings.Campaigns)
    watch: settings.Watch = field(default_factory=settings.Watch)


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def pay(ledger: Ledger, folder: Path, *lines: list[Cell], title: str = TITLE, **how: Any) -> None:
    file = folder / "list.xlsx"
    file.write_bytes(a_workbook(lines, titles=["彭阳县2026年耕地地力保护补贴发放清册", title], **how))
    report = await import_payments(ledger, file, FrozenClock(), Handed(ALIASES))
    assert report.n_rejected == 0


async def run(ledger: Ledger, **slices: Any) -> MatchReport:
    return await step(ledger, Slices(**slices), FrozenClock())


async def rows(ledger: Ledger, sql: str) -> list[Any]:
    async with ledger.reading() as c:
        return [tuple(row) for row in await c.execute(text(sql))]


async def matches(ledger: Ledger) -> list[Any]:
    return await rows(ledger, "SELECT match_state, household_id, confidence FROM payment ORDER BY id")


async def why(ledger: Ledger) -> str:
    ((said,),) = await rows(ledger, "SELECT match_why FROM payment")
    return str(said)


async def launch(ledger: Ledger) -> None:
    async with ledger.writing() as c:
        await c.execute(text("UPDATE campaign SET state = 'running' WHERE state = 'approved'"))


async def test_an_id_is_the_surest_way(ledger: Ledger, tmp_path: Path) -> None:
    (one, _) = await register(ledger, [Home("样·甲", an_id(1)), Home("样甲", an_id(2))])
    await pay(ledger, tmp_path, a_line("样•甲", an_id(1)))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 100)]
    assert await why(ledger) == "身份证号一致"


async def test_an_id_with_another_name_is_a_little_less_sure(ledger: Ledger, tmp_path: Path) -> None:
    (one,) = await register(ledger, [Home("样甲", an_id(1))])
    await pay(ledger, tmp_path, a_line("样钾", an_id(1)))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 95)]


async def test_an_account_tail_with_its_name_is_next(ledger: Ledger, tmp_path: Path) -> None:
    (one, _) = await register(ledger, [Home("样甲", an_id(1), tail="1234"), Home("样乙", an_id(2), tail="1234")])
    await pay(ledger, tmp_path, a_line("样甲", card="****1234", village=None))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 90)]


async def test_a_name_alone_in_its_village_is_next(ledger: Ledger, tmp_path: Path) -> None:
    (one, _) = await register(ledger, [Home("样甲", an_id(1)), Home("样甲", an_id(2), village=OTHER_VILLAGE)])
    await pay(ledger, tmp_path, a_line("样甲", village="白阳样例一村村委会"))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 70)]


async def test_a_group_tells_two_of_one_name_apart(ledger: Ledger, tmp_path: Path) -> None:
    (_, two) = await register(ledger, [Home("样甲", an_id(1), group="1组"), Home("样甲", an_id(2), group="2组")])
    await pay(ledger, tmp_path, a_line("样甲", group="第二村民小组"))
    await run(ledger)
    assert await matches(ledger) == [("matched", two, 70)]
    assert "村民小组" in await why(ledger)


async def test_two_of_one_name_in_a_village_wait_for_a_person(ledger: Ledger, tmp_path: Path) -> None:
    await register(ledger, [Home("样甲", an_id(1)), Home("样甲", an_id(2))])
    await pay(ledger, tmp_path, a_line("样甲"))
    report = await run(ledger)
    assert await matches(ledger) == [("ambiguous", None, 0)]
    assert [one.n_ambiguous for one in report.matched.values()] == [1]


async def test_an_id_of_somebody_else_is_never_outweighed_by_a_name(ledger: Ledger, tmp_path: Path) -> None:
    await register(ledger, [Home("样甲", an_id(1), tail="1234")])
    await pay(ledger, tmp_path, a_line("样甲", an_id(2), card="6217000000001234"))
    await run(ledger)
    assert await matches(ledger) == [("unknown", None, 0)]
    assert await why(ledger) == "登记中没有这个身份证号"


async def test_the_queue_is_masked_counted_and_shows_candidates(ledger: Ledger, tmp_path: Path) -> None:
    await register(ledger, [Home("样甲", an_id(1)), Home("样甲", an_id(2)), Home("样乙", an_id(3))])
    await pay(ledger, tmp_path, a_line("样甲"), a_line("样丙", an_id(9)))
    await run(ledger)
    assert await count_unmatched(ledger) == {"ambiguous": 1, "unknown": 1}
    first, second = await list_unmatched(ledger)
    assert (first.name, first.state, len(first.candidates)) == ("样*", "ambiguous", 2)
    assert second.id_number == "640425********" + an_id(9)[-4:]
    assert "样甲" not in repr(first)
    assert all(an_id(n) not in repr([first, second]) for n in (1, 2, 3, 9))
    assert [one.payment_id for one in await list_unmatched(ledger, after=first.payment_id)] == [second.payment_id]


async def test_a_resolved_line_flows_on_and_is_not_resolved_twice(ledger: Ledger, tmp_path: Path) -> None:
    (one, two) = await register(ledger, [Home("样甲", an_id(1)), Home("样甲", an_id(2))])
    await pay(ledger, tmp_path, a_line("样甲"))
    await run(ledger)
    await launch(ledger)
    assert sum((await run(ledger)).planned.values()) == 0
    (waiting,) = await list_unmatched(ledger)
    await resolve(ledger, waiting.payment_id, two, "clerk")
    assert list((await run(ledger)).planned.values()) == [1]
    assert await rows(ledger, "SELECT household_id, why FROM owed") == [(two, "发放清单中有1笔，经clerk人工核对")]
    with pytest.raises(InputError, match="不在待核对队列"):
        await resolve(ledger, waiting.payment_id, one, "clerk")
    assert await rows(ledger, "SELECT who, what FROM audit_entry") == [("clerk", "payment.resolve")]


async def test_a_line_is_not_resolved_to_a_household_that_would_hear_nothing(ledger: Ledger, tmp_path: Path) -> None:
    one, two = await register(ledger, [Home("样甲", an_id(1)), Home("样甲", an_id(2))])
    await pay(ledger, tmp_path, a_line("样甲"))
    await run(ledger)
    (waiting,) = await list_unmatched(ledger)
    async with ledger.writing() as c:
        await c.execute(text("UPDATE household SET state = 'departed' WHERE id = :id"), {"id": one})
    with pytest.raises(InputError, match="不在册"):
        await resolve(ledger, waiting.payment_id, one, "clerk")
    await resolve(ledger, waiting.payment_id, two, "clerk")
    assert await list_unmatched(ledger) == []


async def test_a_refused_line_leaves_the_queue_for_good(ledger: Ledger, tmp_path: Path) -> None:
    await pay(ledger, tmp_path, a_line("样甲"))
    await run(ledger)
    (waiting,) = await list_unmatched(ledger)
    with pytest.raises(InputError, match="写明"):
        await refuse(ledger, waiting.payment_id, " ", "clerk")
    with pytest.raises(InputError, match="没有编号"):
        await resolve(ledger, waiting.payment_id, 999, "clerk")
    await refuse(ledger, waiting.payment_id, "外县人员", "clerk")
    await rematch(ledger, Slices(), FrozenClock())
    assert await list_unmatched(ledger) == []
    assert await matches(ledger) == [("refused", None, 0)]


async def test_matching_again_finds_who_was_registered_later(ledger: Ledger, tmp_path: Path) -> None:
    await pay(ledger, tmp_path, a_line("样甲", an_id(1)))
    await run(ledger)
    await launch(ledger)
    await run(ledger)
    (one,) = await register(ledger, [Home("样甲", an_id(1))])
    assert list((await rematch(ledger, Slices(), FrozenClock())).planned.values()) == [1]
    assert await matches(ledger) == [("matched", one, 100)]


async def test_an_audited_disbursement_is_approved_and_plans_one_owed_a_household(
    ledger: Ledger, tmp_path: Path
) -> None:
    await register(ledger, [Home("样甲", an_id(1)), Home("样乙", an_id(2))])
    await pay(ledger, tmp_path, a_line("样甲", an_id(1)), a_line("样甲", an_id(1), area=4), a_line("样乙", an_id(2)))
    assert (await run(ledger)).n_campaigns == 1
    campaign = await rows(ledger, "SELECT title, purpose, state, ladder, kind FROM campaign")
    assert campaign == [("2026年耕地地力保护补贴", "paid", "approved", "微信优先", "disbursement")]
    await launch(ledger)
    assert list((await run(ledger)).planned.values()) == [2]
    assert [row[0] for row in await rows(ledger, "SELECT why FROM owed ORDER BY id")] == [
        "发放清单中有2笔，身份证号一致", "发放清单中有1笔，身份证号一致",
    ]  # fmt: skip
    again = await run(ledger)
    assert (again.n_campaigns, again.matched, again.planned) == (0, {}, {})
    assert await check(ledger) == []


async def test_reviews_of_disbursements_can_be_asked_for(ledger: Ledger, tmp_path: Path) -> None:
    await pay(ledger, tmp_path, a_line("样甲", an_id(1)))
    await run(ledger, campaigns=settings.Campaigns(disbursement_reviews=1))
    assert await rows(ledger, "SELECT state, reviews_needed FROM campaign") == [("in_review", 1)]


@pytest.mark.parametrize("audit", ["乡级审核中", "待县级审核", "待整改", "未审核", ""])
async def test_what_has_not_passed_its_audits_tells_nobody_until_it_has(
    ledger: Ledger, tmp_path: Path, audit: str
) -> None:
    await register(ledger, [Home("样甲", an_id(1))])
    await pay(ledger, tmp_path, a_line("样甲", an_id(1)), title=TITLE.replace("县级审核通过", audit))
    assert (await run(ledger)).n_campaigns == 0
    assert [row[0] for row in await matches(ledger)] == ["matched"]
    await pay(ledger, tmp_path, a_line("样甲", an_id(1)))
    assert (await run(ledger)).n_campaigns == 1


async def test_returned_payments_of_a_told_batch_are_a_campaign_of_their_own(ledger: Ledger, tmp_path: Path) -> None:
    await register(ledger, [Home("样甲", an_id(1))])
    await pay(ledger, tmp_path, a_line("样甲", an_id(1)))
    await run(ledger)
    header = ("行政村", "姓名", "身份证号", "补贴项目", "金额(元)", "发放状态", "退票原因")
    back: list[Cell] = ["白阳样例一村", "样甲", an_id(1), "耕地地力保护补贴", 986, "发放失败", "账户已销户"]
    await pay(ledger, tmp_path, back, header=header)
    await run(ledger)
    await launch(ledger)
    await run(ledger)
    assert await rows(ledger, "SELECT purpose, title FROM campaign ORDER BY id") == [
        ("paid", "2026年耕地地力保护补贴"), ("returned", "2026年耕地地力保护补贴退票"),
    ]  # fmt: skip
    assert await rows(ledger, "SELECT COUNT(*) FROM owed") == [(2,)]
    assert await rows(ledger, "SELECT COUNT(*) FROM benefit") == [(1,)]


async def publish(ledger: Ledger, title: str, body: str, issuer: str = "彭阳县农业农村局") -> None:
    policy = Policy(title, issuer, None, date(2026, 11, 1), "http://www.example.cn/1", body)
    async with ledger.writing() as c:
        await add_policy(ledger, c, policy, Origin("s", COUNTY, 1, NOW))


async def test_a_policy_waits_for_its_review_with_rule_evidence_and_summary(ledger: Ledger) -> None:
    await register(ledger, [Home("样甲", attributes={"farmland_mu": 3}), Home("样乙")])
    await publish(ledger, "关于2026年耕地地力保护补贴的通知", "补贴对象为拥有耕地承包权的农民。")
    await run(ledger)
    (row,) = await rows(
        ledger, "SELECT state, reviews_needed, rule_text, confidence, topic, summary, ladder, purpose FROM campaign"
    )
    assert row == (
        "in_review", 1, "居住在彭阳县，且耕地多于0亩", 90, "耕地地力保护补贴",
        "补贴对象为拥有耕地承包权的农民。", "短信必达", "tell",
    )  # fmt: skip
    assert (await run(ledger)).planned == {}


async def test_an_approved_policy_is_owed_by_those_of_its_rule(ledger: Ledger) -> None:
    (one, _) = await register(ledger, [Home("样甲", attributes={"farmland_mu": 3}), Home("样乙")])
    await publish(ledger, "关于2026年耕地地力保护补贴的通知", "补贴对象为农民。")
    await run(ledger, campaigns=settings.Campaigns(policy_reviews=0))
    await launch(ledger)
    await run(ledger)
    assert await rows(ledger, "SELECT household_id, why FROM owed") == [(one, "符合条件：居住在彭阳县，且耕地多于0亩")]


@pytest.mark.parametrize("reviews", [0, 1])
async def test_a_policy_of_no_topic_is_a_draft_for_a_person_to_decide(ledger: Ledger, reviews: int) -> None:
    await publish(ledger, "关于加强档案管理的通知", "请认真执行。")
    await run(ledger, campaigns=settings.Campaigns(policy_reviews=reviews))
    assert await rows(ledger, "SELECT state, rule, confidence FROM campaign") == [("draft", None, 0)]
