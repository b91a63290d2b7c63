"""What the person at the terminal sees: sentences, and a table of the campaigns that moves."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from notifier.domain.outcomes import REASON_TEXT, Reason

_QUIET_EVERY_S = 10
_STATES = {
    "draft": "草稿", "in_review": "待审核", "returned": "退回", "approved": "已批准", "running": "进行中",
    "paused": "已暂停", "finished": "已完成", "cancelled": "已取消",
}  # fmt: skip


class Screen:
    """The terminal, on standard error; standard output is left to the last line."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._said_at = 0.0
        self._began = time.monotonic()

    def say(self, sentence: str) -> None:
        """One line, with the seconds since the start."""
        self._console.print(f"[dim]{time.monotonic() - self._began:6.1f}s[/] {sentence}")

    def report(self, report: Mapping[str, Any]) -> None:
        """The answer of `notifier report`: by township, then why households were not reached."""
        table = Table(title="通知率（到达手机或以上）")
        for heading in ("乡镇", "应通知", "已通知", "其中本人确认", "未通知", "免予通知", "通知率"):
            table.add_column(heading, justify="left" if heading == "乡镇" else "right")
        for place in (*report["townships"], {**report, "name": "合计"}):
            acknowledged = place["reached_by_level"].get("acknowledged", 0)
            figures = (place["owed"], place["reached"], acknowledged, place["unreached"], place["excused"])
            table.add_row(place["name"], *map(str, figures), place["rate_handset"])
        self._console.print(table)
        reasons = report["unreached_by_reason"] | report["excused_by_reason"]
        self._console.print(
            "未通知与免予通知的原因：" + "，".join(f"{REASON_TEXT[Reason(why)]} {n}" for why, n in reasons.items())
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A table follows `show` while the block runs; without a terminal, a line every ten seconds."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=4) as self._live:
            yield
        self._live = None

    def show(self, campaigns: Sequence[Mapping[str, Any]], counts: Mapping[str, Any]) -> None:
        """The campaigns and gateways as they stand now."""
        if self._live is not None:
            self._live.update(_table(campaigns, counts))
        elif time.monotonic() - self._said_at >= _QUIET_EVERY_S:
            self._said_at = time.monotonic()
            self.say(_line(campaigns, counts))


def _sum(campaigns: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(one[name] for one in campaigns)


def _line(campaigns: Sequence[Mapping[str, Any]], counts: Mapping[str, Any]) -> str:
    told = {name: _sum(campaigns, name) for name in ("owed", "reached", "unreached", "pending")}
    return (
        f"  应通知 {told['owed']}，已通知 {told['reached']}，未通知 {told['unreached']}，进行中 {told['pending']}；"
        f"通道已接收 {n_accepted(counts)} 条，待推送回执 {n_owed_pushes(counts)} 条"
    )


def n_accepted(counts: Mapping[str, Any]) -> int:
    """Messages that the gateways accepted."""
    return sum(n for results in counts["messages"].values() for n in results.values())


def n_owed_pushes(counts: Mapping[str, Any]) -> int:
    """Pushes that the gateways still owe."""
    return sum(counts["pending"].values())


def _table(campaigns: Sequence[Mapping[str, Any]], counts: Mapping[str, Any]) -> Table:
    table = Table(caption=_line(campaigns, counts).strip(), caption_justify="left")
    for heading, justify in (("任务", "left"), ("状态", "left"), ("应通知", "right"), ("已通知", "right")):
        table.add_column(heading, justify=justify, overflow="ellipsis", no_wrap=True)  # type: ignore[arg-type]
    for heading in ("未通知", "免予通知", "进行中", "通知率"):
        table.add_column(heading, justify="right")
    for one in reversed(campaigns):
        figures = (one["owed"], one["reached"], one["unreached"], one["excused"], one["pending"])
        state = _STATES.get(one["state"], one["state"])
        table.add_row(one["title"], state, *map(str, figures), one["rate_handset"])
    return table
