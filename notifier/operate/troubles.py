"""What is wrong now: the cheap looks, every minute, and the dear ones, now and then."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from notifier.domain.alerts import Trouble
from notifier.domain.contracts import Clock
from notifier.domain.watched import SourceState
from notifier.store import gateways, health, tally
from notifier.store.alerts import paused_campaigns
from notifier.store.audit import verify
from notifier.store.health import Backlog
from notifier.store.ledger import Ledger

LEAST_FREE = 1024**3


async def troubles(ledger: Ledger, clock: Clock, folder: Path, county: str) -> Sequence[Trouble]:
    """Everything that is wrong and cheap to see; `county` is the region of what is nobody's own. Changes nothing."""
    found = [*_of_backlog(await health.backlog(ledger, clock.now()), county)]
    found += [
        Trouble(
            f"campaign.paused:{one.campaign_id}",
            f"任务“{one.title}”已暂停",
            f"任务“{one.title}”被通道的答复暂停：{one.why}。查明后在任务页继续。",
            one.region_code or county,
        )
        for one in await paused_campaigns(ledger)
    ]
    for source in await health.source_health(ledger):
        if source.state in (SourceState.DRIFT, SourceState.PERSON):
            what = f"来源 {source.name} {source.state.says}"
            found.append(Trouble(f"source.{source.state.value}:{source.name}", what, source.says, county))
    for gateway in await gateways.remembered(ledger):
        if gateway.open_since is not None:
            what = f"通道 {gateway.gateway} 已熔断"
            says = f"{what}，短信改走其他通道；用 notifier gateways 查看原因。"
            found.append(Trouble(f"gateway.open:{gateway.gateway}", what, says, county))
    if shutil.disk_usage(folder).free < LEAST_FREE:
        found.append(Trouble("disk", "磁盘将满", "账本所在磁盘不足 1 GiB，请清理或扩容。", county))
    return found


async def deep_troubles(ledger: Ledger, county: str) -> Sequence[Trouble]:
    """What takes a walk over whole tables: counts unlike their recount, a broken trail, seals that do not open."""
    found = []
    if differences := await tally.check(ledger):
        says = f"{len(differences)} 个统计与明细不一致，请联系维护人员重算。"
        found.append(Trouble("deep.tally", "统计与明细不一致", says, county))
    if breaks := await verify(ledger):
        says = f"审计链有 {len(breaks)} 处断点，记录可能被改动；用 notifier audit verify 查看。"
        found.append(Trouble("deep.audit", "审计链有断点", says, county))
    if (why := await health.opens_its_seals(ledger)) is not None:
        found.append(Trouble("deep.seal", "密文打不开", f"{why}；请恢复与账本对应的密钥文件。", county))
    return found


def _of_backlog(seen: Backlog, county: str) -> Iterable[Trouble]:
    if seen.n_overdue_chunks:
        says = f"{seen.n_overdue_chunks} 个批次该发未发超过十分钟；请确认 worker 在运行、通道正常。"
        yield Trouble("backlog.chunks", "有批次超时未发", says, county)
    if seen.n_unfolded_pushes:
        says = f"{seen.n_unfolded_pushes} 条回执十分钟没有处理；请确认 clock 在运行。"
        yield Trouble("backlog.pushes", "回执积压", says, county)
