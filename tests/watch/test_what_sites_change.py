"""Corrections, undated items, attachments and rebuilt sites wait for a person; nothing of them is told by itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.benefits import Attachment, AttachmentKind, AuditState, Policy
from notifier.domain.errors import InputError, NeedsPerson, SourceError
from notifier.domain.watched import SourceState
from notifier.sources.headers import load_aliases
from notifier.sources.looking import LeftOut, url_identity
from notifier.store.attachments import attachments_of, open_attachment, payment_drafts
from notifier.store.health import source_health
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.proposing import untold_policies
from notifier.store.sealing import Vault, load_keys
from notifier.store.undated import undated_items
from notifier.store.versions import waiting_versions
from notifier.store.watching import SourceHealth, read_health
from notifier.watch.became import Became
from notifier.watch.deciding import Decider, WatchDesk
from notifier.watch.judging import drift_of, is_due
from tests.registered import COUNTY, NOW, FrozenClock, a_line, a_workbook, an_id
from tests.watch.test_step import Shown, a_policy, after_the_baseline, rows, watch

URL = "http://www.example.cn/t20261101_1.html"
ZHANG = Decider("张三", COUNTY)
ELSEWHERE = Decider("李四", "640402000000")
ALIASES = load_aliases(Path("config/headers.toml"), "payments")


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


@pytest.fixture
async def small(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger on one database, where the SQL is the same on both or looked at elsewhere."""
    opened = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


def at_desk(ledger: Ledger) -> WatchDesk:
    return WatchDesk(ledger, FrozenClock(), ALIASES, AuditState.COUNTY)


@dataclass
class Counted(Shown):
    """A source that counts its list."""

    n_listed: int | None = None


async def test_a_changed_text_waits_as_a_version_and_is_told_only_when_a_person_says_so(ledger: Ledger) -> None:
    source, _ = await after_the_baseline(ledger, a_policy())
    source.findings = [a_policy(body="更正：发放高龄津贴每月100元。")]
    report = await watch(ledger, source)
    assert (report.n_new, report.sources[0].counts[Became.CHANGED]) == (0, 1)
    assert (await watch(ledger, source)).sources[0].counts[Became.CHANGED] == 0
    (waiting,) = await waiting_versions(ledger, COUNTY)
    assert (waiting.version, waiting.told_body, waiting.body[:3]) == (2, "发放高龄津贴。", "更正：")
    assert [(one.version, one.body) for one in await untold_policies(ledger)] == [(1, "发放高龄津贴。")]
    with pytest.raises(InputError, match="区域"):
        await at_desk(ledger).tell_version(waiting.benefit_id, 2, ELSEWHERE)
    await at_desk(ledger).tell_version(waiting.benefit_id, 2, ZHANG)
    assert [(one.version, one.body[:3]) for one in await untold_policies(ledger)] == [(2, "更正：")]
    assert await waiting_versions(ledger, COUNTY) == []
    with pytest.raises(InputError, match="第 2 版"):
        await at_desk(ledger).tell_version(waiting.benefit_id, 2, ZHANG)
    assert await rows(ledger, "SELECT who, what FROM audit_entry") == [("张三", "policy.tell_version")]


async def test_a_text_that_goes_back_and_forth_or_is_dismissed_comes_up_once(small: Ledger) -> None:
    source, _ = await after_the_baseline(small, a_policy())
    first, second = a_policy(), a_policy(body="改了几个字。")
    for shown in (second, first, second):
        source.findings = [shown]
        await watch(small, source)
    (waiting,) = await waiting_versions(small, COUNTY)
    await at_desk(small).dismiss_version(waiting.benefit_id, waiting.version, ZHANG)
    await watch(small, source)
    assert await waiting_versions(small, COUNTY) == []
    assert await rows(small, "SELECT version, body FROM benefit") == [(1, "发放高龄津贴。")]


async def test_counters_buttons_and_another_sources_extract_are_no_correction(small: Ledger) -> None:
    source, other = Shown(), Shown("feed")
    await watch(small, source, other)
    source.findings = [a_policy()]
    await watch(small, source)
    source.findings = [a_policy(body="发放高龄津贴。\n浏览次数：128\n打印 关闭")]
    other.findings = [replace(a_policy(body="发放……"), source="feed")]
    for _ in range(2):
        report = await watch(small, source, other)
        assert [one.counts[Became.CHANGED] for one in report.sources] == [0, 0]


async def test_an_undated_item_tells_nobody_until_a_person_dates_it(ledger: Ledger) -> None:
    _, report = await after_the_baseline(ledger, a_policy(published_on=None))
    assert (report.n_new, report.sources[0].counts[Became.UNDATED]) == (0, 1)
    (item,) = await undated_items(ledger, COUNTY)
    assert (item.title, item.url) == ("关于高龄津贴的通知", URL)
    assert await undated_items(ledger, "640402000000") == []
    assert await untold_policies(ledger) == []
    with pytest.raises(InputError, match="将来"):
        await at_desk(ledger).date_item(item.item_id, NOW.date() + timedelta(days=3), ZHANG)
    with pytest.raises(InputError, match="区域"):
        await at_desk(ledger).date_item(item.item_id, NOW.date(), ELSEWHERE)
    benefit_id = await at_desk(ledger).date_item(item.item_id, NOW.date(), ZHANG)
    assert [one.benefit_id for one in await untold_policies(ledger)] == [benefit_id]
    assert await undated_items(ledger, COUNTY) == []
    with pytest.raises(InputError, match="没有等待"):
        await at_desk(ledger).refuse_item(item.item_id, ZHANG)


async def test_a_refused_item_stays_refused_and_one_whose_page_says_its_date_needs_nobody(small: Ledger) -> None:
    late = a_policy("关于草原补奖的通知", url=URL + "?2", document_number="彭政办发〔2026〕9号", published_on=None)
    source, _ = await after_the_baseline(small, a_policy(published_on=None), late)
    items = await undated_items(small, COUNTY)
    await at_desk(small).refuse_item(items[0].item_id, ZHANG)
    policy = late.benefit
    assert isinstance(policy, Policy)
    source.findings = [a_policy(), replace(late, benefit=replace(policy, published_on=NOW.date()))]
    report = await watch(small, source)
    assert report.n_new == 1
    assert await rows(small, "SELECT title FROM benefit") == [("关于草原补奖的通知",)]
    assert await undated_items(small, COUNTY) == []


async def test_what_a_baseline_could_not_read_is_not_news_later(small: Ledger) -> None:
    left = LeftOut("甲", "没有答复", again=True, identities=(url_identity(URL),))
    source = Shown(left_out=(left,))
    await watch(small, source)
    source.left_out, source.findings = (), [a_policy()]
    assert (await watch(small, source)).n_new == 0


async def test_attachments_are_kept_sealed_and_a_payment_list_waits_for_a_person(ledger: Ledger) -> None:
    book = a_workbook([a_line("样例一", an_id(1))], titles=["2026年高龄津贴发放清单"])
    text = Attachment("通知.docx", URL + "/a", b"word", AttachmentKind.TEXT, "正文", 0, None)
    paid = Attachment("2026年高龄津贴发放清单.xlsx", URL + "/b", book, AttachmentKind.PAYMENTS, "", 1, None)
    await after_the_baseline(ledger, replace(a_policy(), attachments=(text, paid)))
    kept = await attachments_of(ledger, 1)
    assert [(one.name, one.kind, one.draft) for one in kept] == [
        ("通知.docx", AttachmentKind.TEXT, None),
        ("2026年高龄津贴发放清单.xlsx", AttachmentKind.PAYMENTS, "waiting"),
    ]
    assert (await open_attachment(ledger, kept[0].attachment_id))[1] == b"word"
    assert await rows(ledger, "SELECT COUNT(*) FROM payment") == [(0,)]
    (draft,) = await payment_drafts(ledger, COUNTY)
    done = await at_desk(ledger).take_draft(draft.attachment_id, ZHANG)
    assert done.n_new == 1
    assert await rows(ledger, "SELECT COUNT(*) FROM payment") == [(1,)]
    assert await payment_drafts(ledger, COUNTY) == []


async def test_a_list_that_shrinks_raises_an_alarm_until_it_is_long_again_or_accepted(small: Ledger) -> None:
    source, clock = Counted(n_listed=50), FrozenClock()

    async def look(n_listed: int | None, error: SourceError | None = None) -> SourceState:
        source.n_listed, source.error = n_listed, error
        clock.move(timedelta(minutes=5))
        return (await watch(small, source, clock=clock)).sources[0].state

    assert [await look(n) for n in (50, 48, 52, 9, None, 50)] == [
        *([SourceState.WELL] * 3), SourceState.DRIFT, SourceState.DRIFT, SourceState.WELL,
    ]  # fmt: skip
    assert await look(0, SourceError("一个条目也没有", temporary=False)) is SourceState.DRIFT
    (health,) = await source_health(small)
    assert "约 50 条" in str(health.drift)
    assert (health.last_error, health.n_listed, health.complete_at) == (
        "一个条目也没有",
        50,
        NOW + timedelta(minutes=30),
    )
    assert await look(None, NeedsPerson("网站要求用浏览器访问")) is SourceState.DRIFT
    await at_desk(small).accept_list("shown", ZHANG, anew=True)
    assert (await read_health(small, "shown")).baseline_at is None
    assert await look(7) is SourceState.WELL
    assert await look(None, NeedsPerson("网站要求用浏览器访问")) is SourceState.PERSON
    with pytest.raises(InputError, match="nobody"):
        await at_desk(small).accept_list("nobody", ZHANG, anew=False)


async def test_a_site_that_asks_for_patience_is_left_alone(small: Ledger) -> None:
    source, clock = Shown(error=SourceError("答复 503", retry_after=timedelta(hours=2))), FrozenClock()
    await watch(small, source, clock=clock)
    for minutes, n_looks in ((60, 0), (61, 1)):
        clock.move(timedelta(minutes=minutes))
        assert len((await watch(small, source, clock=clock, due_only=True)).sources) == n_looks


@given(st.integers(0, 300), st.lists(st.integers(0, 300), max_size=20))
def test_a_list_as_long_as_ever_never_drifts_and_an_empty_one_always_does(n_listed: int, counts: list[int]) -> None:
    said = drift_of(n_listed, counts)
    if counts and n_listed >= max(counts) > 0:
        assert said is None
    if n_listed == 0 and counts and min(counts) > 0:
        assert said is not None


@given(st.text(max_size=20), st.integers(0, 10**6))
def test_jitter_only_shortens_an_interval_and_by_a_tenth_at_most(name: str, seconds: int) -> None:
    looked = NOW + timedelta(seconds=seconds)
    health = SourceHealth(name, NOW, looked, None, None, {})
    every = timedelta(hours=1)
    assert is_due(health, every, looked + every)
    assert not is_due(health, every, looked + every * 0.89)
