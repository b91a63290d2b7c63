"""`notifier doctor`: examines what can be examined and says in Chinese what is well and how to mend what is not."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from notifier.domain.contracts import Channel, Clock, ShowsPapers
from notifier.domain.messages import Medium
from notifier.domain.texts import Texts
from notifier.domain.watched import SourceState
from notifier.store import health, tally
from notifier.store.audit import verify
from notifier.store.ledger import Ledger

_LEAST_FREE = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `says` tells how it is, and how to mend it when it is not well."""

    what: str
    is_well: bool
    says: str


async def examine(
    ledger: Ledger, channels: Mapping[str, Channel], texts: Texts, clock: Clock, folder: Path
) -> list[Finding]:
    """Every finding, in a fixed order; empty never. Changes nothing. `folder` is where the ledger lies.

    Providers that can be asked are asked about the signature and the templates of `texts`; nothing is sent.
    """
    backlog = await health.backlog(ledger, clock.now())
    sealed = await health.opens_its_seals(ledger)
    differences = await tally.check(ledger)
    breaks = await verify(ledger)
    found = [
        Finding(
            "密钥", sealed is None, "能打开账本中的密文" if sealed is None else f"{sealed};请恢复与账本对应的密钥文件"
        ),
        _filled("行政区划", backlog.n_regions, "用 notifier import regions config/regions.csv 导入"),
        _filled("农户", backlog.n_households, "用 notifier import households 导入花名册"),
        _channels(channels),
        _none("超时未发的批次", backlog.n_overdue_chunks, "请确认至少有一个 worker 在运行"),
        _none("未处理的回执", backlog.n_unfolded_pushes, "请确认有 clock 在运行"),
        _none("已暂停的任务", backlog.n_paused_campaigns, "用 notifier campaign list 查看原因,处理后恢复"),
        Finding("结果不明的发送", True, f"{backlog.n_unsure_attempts} 次,会自动向通道查询"),
        Finding("暂存的回执", True, f"{backlog.n_parked_receipts} 条,等待对应的发送记录"),
        _none("统计与明细不一致", len(differences), "请联系维护人员重算统计"),
        _none("审计链断点", len(breaks), "记录可能被改动;用 notifier audit verify 查看"),
        _disk(folder),
    ]
    for name, channel in channels.items():
        if isinstance(channel, ShowsPapers):
            papers = await channel.papers(_templates(texts, name))
            found += [Finding(f"{name} {one.what}", one.is_usable, one.says) for one in papers]
    return found + [
        Finding(f"来源 {one.name}", one.state is SourceState.WELL, one.says)
        for one in await health.source_health(ledger)
    ]


def _templates(texts: Texts, gateway: str) -> dict[str, str]:
    """The templates of a gateway with the text that we fill."""
    said = (gateways[gateway] for gateways in texts.values() if gateway in gateways)
    return {one.template: one.content for one in said}


def _filled(what: str, n: int, mend: str) -> Finding:
    return Finding(what, n > 0, f"{n} 条" if n else f"还没有;{mend}")


def _none(what: str, n: int, mend: str) -> Finding:
    return Finding(what, n == 0, "没有" if n == 0 else f"{n} 个;{mend}")


def _channels(channels: Mapping[str, Channel]) -> Finding:
    has_sms = any(channel.medium is Medium.SMS for channel in channels.values())
    says = "已启用 " + "、".join(channels) if channels else "没有启用任何通道"
    return Finding("通道", has_sms, says if has_sms else f"{says};请在 channels 中启用一个短信通道")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    says = f"{free // 1024**3} GiB 可用"
    return Finding("磁盘", free >= _LEAST_FREE, says if free >= _LEAST_FREE else f"{says};请清理或扩容")
