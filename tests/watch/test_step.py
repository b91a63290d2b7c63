"""Watching: the first look tells nobody, a new item becomes a benefit once, one failing source stops no other."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from notifier.domain import settings
from notifier.domain.benefits import AuditState, Disbursement, Finding, PaymentLine, PaymentState, Policy, RejectedLine
from notifier.domain.errors import SourceError
from notifier.sources.definitions import Definition
from notifier.sources.looking import LeftOut, identities_of
from notifier.sources.payments import identities_of as batch_identities
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.watching import read_health
from notifier.watch.step import WatchReport, step
from notifier.watch.taking import Became
from tests.registered import COUNTY, NOW, FrozenClock, an_id


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


@dataclass
class Shown:
    """A source that shows what a test puts into it."""

    name: str = "shown"
    findings: list[Finding] = field(default_factory=list)
    left_out: Sequence[LeftOut] = ()
    error: SourceError | None = None
    told: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def definition(self) -> Definition:
        return Definition(kind="folder", name=self.name, title="样例来源", region=COUNTY, every=timedelta(minutes=5))

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        self.told.append(memory)
        for finding in self.findings:
            yield finding
        if self.error:
            raise self.error


def a_policy(title: str = "关于高龄津贴的通知", **other: Any) -> Finding:
    said: dict[str, Any] = {
        "issuer": "彭阳县民政局", "document_number": "彭民发〔2026〕8号", "published_on": date(2026, 11, 1),
        "url": "http://www.example.cn/t20261101_1.html", "body": "发放高龄津贴。",
    } | other  # fmt: skip
    policy = Policy(title=title, **said)
    return Finding("shown", identities_of(policy), policy, policy.url.encode(), NOW)


def a_payment(n: int = 1, **other: Any) -> PaymentLine:
    said: dict[str, Any] = dict.fromkeys(PaymentLine.__dataclass_fields__)
    said |= {
        "sheet": "清单", "row": n, "beneficiary": f"样例{n}", "id_number": an_id(n), "item": "高龄津贴",
        "amount_fen": 30000, "state": PaymentState.PAID,
    }  # fmt: skip
    return PaymentLine(**(said | other))


def a_batch(*lines: PaymentLine, file: str = "f1", **other: Any) -> Finding:
    said: dict[str, Any] = {
        "title": "2026年高龄津贴", "item": "高龄津贴", "period": "2026年", "filing_number": "彭民补备〔2026〕3号",
        "audit": AuditState.COUNTY, "basis": None, "lines": lines or (a_payment(),), "rejected": (),
    } | other  # fmt: skip
    batch = Disbursement(**said)
    return Finding("shown", batch_identities(batch, file), batch, f"{file}".encode(), NOW)


async def watch(ledger: Ledger, *sources: Shown, clock: FrozenClock | None = None, **how: bool) -> WatchReport:
    return await step(ledger, sources, clock or FrozenClock(), settings.Watch(), **how)


async def after_the_baseline(ledger: Ledger, *findings: Finding) -> tuple[Shown, WatchReport]:
    source = Shown()
    await watch(ledger, source)
    source.findings = list(findings)
    return source, await watch(ledger, source)


async def rows(ledger: Ledger, sql: str) -> list[Any]:
    async with ledger.reading() as c:
        return [tuple(row) for row in await c.execute(text(sql))]


async def test_the_first_complete_look_tells_nobody_and_the_next_new_item_is_a_benefit(ledger: Ledger) -> None:
    source = Shown(findings=[a_policy()])
    first = await watch(ledger, source)
    assert first.sources[0].counts[Became.BASELINE] == 1
    assert await rows(ledger, "SELECT * FROM benefit") == []
    source.findings.append(a_policy("新政策", url="http://www.example.cn/2", document_number=None))
    assert (await watch(ledger, source)).n_new == 1
    assert await rows(ledger, "SELECT kind, title, region_code FROM benefit") == [("policy", "新政策", COUNTY)]
    assert (await watch(ledger, source)).n_new == 0


async def test_an_incomplete_first_look_is_no_baseline_yet(ledger: Ledger) -> None:
    source = Shown(findings=[a_policy()], left_out=(LeftOut("b.xlsx", "文件还在写入", again=True),))
    await watch(ledger, source)
    assert (await read_health(ledger, "shown")).baseline_at is None
    source.left_out = ()
    source.findings.append(a_policy("在首次查看时也已存在", url="http://www.example.cn/2", document_number=None))
    assert (await watch(ledger, source)).n_new == 0
    assert (await read_health(ledger, "shown")).baseline_at == NOW


async def test_a_republished_policy_is_not_a_second_benefit(ledger: Ledger) -> None:
    moved = a_policy(url="http://www.example.cn/t20261105_9.html", body="改了几个字。")
    _, report = await after_the_baseline(ledger, a_policy(), moved)
    assert (report.sources[0].counts[Became.NEW], report.sources[0].counts[Became.CHANGED]) == (1, 1)
    assert await rows(ledger, "SELECT version, body FROM benefit") == [(1, "发放高龄津贴。")]
    renamed = a_policy("关于发放高龄津贴的通知", url="http://www.example.cn/t20261105_9.html")
    _, again = await after_the_baseline(ledger, renamed)
    assert again.n_new == 0


async def test_two_sources_that_show_one_policy_make_one_benefit(ledger: Ledger) -> None:
    one, two = Shown("one"), Shown("two")
    await watch(ledger, one, two)
    one.findings, two.findings = [a_policy()], [a_policy()]
    assert (await watch(ledger, one, two)).n_new == 1


async def test_the_raw_thing_is_kept_sealed_as_proof(ledger: Ledger) -> None:
    await after_the_baseline(ledger, a_policy())
    ((snapshot_id, sealed),) = await rows(
        ledger, "SELECT s.id, s.raw_sealed FROM snapshot s JOIN benefit b ON b.snapshot_id = s.id"
    )
    raw = a_policy().raw
    assert raw not in sealed
    assert ledger.vault.open("snapshot.raw_sealed", snapshot_id, sealed) == raw


async def test_payment_lines_come_in_once_and_sealed(ledger: Ledger) -> None:
    source, report = await after_the_baseline(ledger, a_batch(a_payment(1), a_payment(2)))
    assert report.sources[0].n_lines == 2
    assert (await watch(ledger, source)).n_new == 0
    stored = await rows(
        ledger, "SELECT id, beneficiary_sealed, id_sealed, match_state, amount_fen FROM payment ORDER BY id"
    )
    assert [(state, fen) for _, _, _, state, fen in stored] == [("new", 30000)] * 2
    payment_id, sealed, id_sealed, _, _ = stored[0]
    assert ledger.vault.open_text("payment.beneficiary_sealed", payment_id, sealed) == "样例1"
    assert ledger.vault.open_text("payment.id_sealed", payment_id, id_sealed) == an_id(1)
    assert "样例1".encode() not in sealed + id_sealed


async def test_the_same_list_with_a_later_audit_raises_the_audit_of_its_benefit(ledger: Ledger) -> None:
    source, _ = await after_the_baseline(ledger, a_batch(audit=AuditState.TOWNSHIP))
    source.findings.append(a_batch(a_payment(1), a_payment(2), file="f2"))
    report = await watch(ledger, source)
    assert report.sources[0].counts[Became.MORE] == 1
    assert await rows(ledger, "SELECT audit, n_lines FROM benefit") == [("county", 2)]


@pytest.mark.parametrize(
    ("audits", "ends"),
    [
        ((AuditState.COUNTY, AuditState.TOWNSHIP), "county"),
        ((AuditState.COUNTY, AuditState.RETURNED), "county"),
        ((AuditState.TOWNSHIP, AuditState.RETURNED), "returned"),
        ((AuditState.RETURNED, AuditState.COUNTY), "county"),
    ],
)
async def test_an_audit_only_falls_to_sent_back_and_never_after_the_last(
    ledger: Ledger, audits: tuple[AuditState, ...], ends: str
) -> None:
    await after_the_baseline(ledger, *(a_batch(file=f"f{n}", audit=audit) for n, audit in enumerate(audits)))
    assert await rows(ledger, "SELECT audit FROM benefit") == [(ends,)]


async def test_a_list_without_filing_number_is_known_by_its_lines(ledger: Ledger) -> None:
    first = a_batch(a_payment(1), a_payment(2), filing_number=None)
    saved_again = a_batch(a_payment(1), a_payment(2), a_payment(3), file="f2", filing_number=None)
    other = a_batch(a_payment(1, amount_fen=500), file="f3", filing_number=None)
    await after_the_baseline(ledger, first, saved_again, other)
    assert await rows(ledger, "SELECT n_lines FROM benefit ORDER BY id") == [(3,), (1,)]


async def test_a_batch_still_being_audited_at_the_baseline_is_new_when_it_passes(ledger: Ledger) -> None:
    source = Shown(findings=[a_batch(audit=AuditState.TOWNSHIP)])
    await watch(ledger, source)
    assert (await watch(ledger, source)).n_new == 0
    source.findings.append(a_batch(file="f2"))
    assert (await watch(ledger, source)).n_new == 1


async def test_another_copy_of_a_batch_from_before_the_baseline_tells_nobody_and_is_counted(ledger: Ledger) -> None:
    source = Shown(findings=[a_batch()])
    await watch(ledger, source)
    source.findings.append(a_batch(file="f2"))
    report = await watch(ledger, source)
    assert report.n_new == 0
    assert report.sources[0].counts[Became.BEFORE] == 1


async def test_a_failing_source_stops_no_other_and_says_so_in_its_health(ledger: Ledger) -> None:
    bad, good = Shown("bad", error=SourceError("网站没有答复")), Shown("good")
    await watch(ledger, bad, good)
    good.findings = [a_policy()]
    report = await watch(ledger, bad, good)
    assert [source.error for source in report.sources] == ["网站没有答复", None]
    assert report.n_new == 1
    health = await read_health(ledger, "bad")
    assert (health.last_error, health.baseline_at, health.looked_at) == ("网站没有答复", None, NOW)
    good_health = await read_health(ledger, "good")
    assert (good_health.last_error, good_health.new_at) == (None, NOW)
    bad.error = None
    await watch(ledger, bad)
    assert (await read_health(ledger, "bad")).last_error is None


async def test_memory_is_kept_only_of_a_complete_look(ledger: Ledger) -> None:
    source = Shown(findings=[replace(a_policy(), memory={"etag": "1"})], error=SourceError("断了"))
    await watch(ledger, source)
    source.error = None
    await watch(ledger, source)
    await watch(ledger, source)
    assert source.told == [{}, {}, {"etag": "1"}]


async def test_only_what_is_due_is_looked_at_when_asked_so(ledger: Ledger) -> None:
    source, clock = Shown(), FrozenClock()
    assert len((await watch(ledger, source, clock=clock, due_only=True)).sources) == 1
    clock.move(timedelta(minutes=4))
    assert (await watch(ledger, source, clock=clock, due_only=True)).sources == []
    clock.move(timedelta(minutes=1))
    assert len((await watch(ledger, source, clock=clock, due_only=True)).sources) == 1


async def test_rejected_rows_are_kept_sealed_with_their_reason(ledger: Ledger) -> None:
    bad = RejectedLine("清单", 9, "缺少金额", ("9", "样例九"), ("序号", "姓名"))
    _, report = await after_the_baseline(ledger, a_batch(rejected=(bad,)))
    assert report.sources[0].n_rejected == 1
    ((kind, sealed),) = await rows(ledger, "SELECT kind, rejected_sealed FROM import_run")
    assert kind == "payments"
    assert "样例九".encode() not in sealed
