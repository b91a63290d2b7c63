"""The door of the room: every source that is due is looked at; what is new becomes a benefit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from notifier.domain import settings
from notifier.domain.benefits import AuditState, Disbursement, Finding
from notifier.domain.contracts import Clock
from notifier.domain.errors import SourceError
from notifier.domain.watched import SourceState
from notifier.sources.looking import CountsItems, LeftOut, Watched
from notifier.store.ledger import Ledger
from notifier.store.watching import SourceHealth, earlier_counts, read_health, record_look
from notifier.watch.judging import Seen, is_due, judge
from notifier.watch.returning import PaymentRun, keep_run
from notifier.watch.taking import Became, Taken, Terms, swallow, take

_LOG = structlog.get_logger(__name__)


@dataclass(slots=True)
class SourceReport:
    """What one look gave. `counts` is by what findings became; `error` None when the source could be read."""

    name: str
    title: str
    counts: dict[Became, int] = field(default_factory=lambda: dict.fromkeys(Became, 0))
    n_lines: int = 0
    n_rejected: int = 0
    left_out: Sequence[LeftOut] = ()
    error: str | None = None
    state: SourceState = SourceState.WELL
    drift: str | None = None

    @property
    def n_new(self) -> int:
        """New benefits and known ones that grew."""
        return self.counts[Became.NEW] + self.counts[Became.MORE]


@dataclass(frozen=True, slots=True)
class WatchReport:
    """The sources that were looked at, in their order; those not due are not among them."""

    sources: Sequence[SourceReport]

    @property
    def n_new(self) -> int:
        """New benefits and known ones that grew, of all sources."""
        return sum(source.n_new for source in self.sources)


async def step(
    ledger: Ledger, sources: Sequence[Watched], clock: Clock, watch: settings.Watch, *, due_only: bool = False
) -> WatchReport:
    """Every source was looked at once; with `due_only`, only those whose time has come. Safe to repeat.

    A source's first complete look is its baseline and tells nobody. A failing source is in the report and in its
    health, and stops no other.
    """
    reports = []
    for source in sources:
        health = await read_health(ledger, source.name)
        if due_only and not is_due(health, source.definition.every or watch.every, clock.now()):
            continue
        reports.append(await _look(ledger, source, clock, (health, AuditState(watch.final_audit))))
    return WatchReport(reports)


async def _look(ledger: Ledger, source: Watched, clock: Clock, known: tuple[SourceHealth, AuditState]) -> SourceReport:
    health, final_audit = known
    terms = Terms(source.definition.region, health.baseline_at is None, final_audit)
    report = SourceReport(source.name, source.definition.title)
    memory: dict[str, str] = {}
    failure: SourceError | None = None
    try:
        async for finding in source.look(health.memory):
            memory |= finding.memory
            _count(report, finding, await _take(ledger, finding, terms))
    except SourceError as error:
        failure, report.error = error, str(error)
    report.left_out = tuple(source.left_out)
    n_listed = source.n_listed if isinstance(source, CountsItems) else None
    seen = Seen(failure, report.left_out, n_listed, report.n_new, memory)
    if terms.is_baseline and seen.is_whole:
        # What it could not read today was there before watching began, and must not be news tomorrow.
        await swallow(ledger, source.name, report.left_out, clock.now())
    looked = judge(seen, health, await earlier_counts(ledger, source.name), clock.now())
    report.state, report.drift = looked.state, looked.drift
    await record_look(ledger, source.name, looked)
    left, state = len(report.left_out), looked.state.value
    _LOG.info("source_looked", source=source.name, new=report.n_new, left_out=left, ok=looked.is_complete, state=state)
    return report


async def _take(ledger: Ledger, finding: Finding, terms: Terms) -> Taken:
    taken = await take(ledger, finding, terms)
    batch = finding.benefit
    if isinstance(batch, Disbursement) and batch.rejected and _keeps_rejected(finding, taken):
        # Nobody handed it in, so nobody can ask for the rows; importing the same file by hand gives them back.
        run = PaymentRun(finding.raw, [batch], f"source:{finding.source}", taken.n_new)
        await keep_run(ledger, run, finding.found_at)
    return taken


def _keeps_rejected(finding: Finding, taken: Taken) -> bool:
    """A cursor never comes back to its rows, so they are kept whatever became of the batch."""
    return finding.advances or taken.became in (Became.NEW, Became.MORE)


def _count(report: SourceReport, finding: Finding, taken: Taken) -> None:
    report.counts[taken.became] += 1
    report.n_lines += taken.n_new
    if isinstance(finding.benefit, Disbursement) and _keeps_rejected(finding, taken):
        report.n_rejected += len(finding.benefit.rejected)
