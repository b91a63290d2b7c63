"""While campaigns run: policies are approved, the service may be killed, and all wait until nothing is pending."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from notifier.sandbox.demo.console import Doors
from notifier.sandbox.demo.filling import REVIEWER
from notifier.sandbox.demo.processes import CommandLine, Processes, together
from notifier.sandbox.demo.showing import Screen, n_accepted, n_owed_pushes
from notifier.sandbox.demo.terms import DemoError, Terms

SERVICE = "serve"
_POLL_S = 1.5
_CALM_POLLS = 3
_KILL_AFTER, _KILL_POLL_S = 0.25, 0.05


@dataclass(slots=True)
class Broadcast:
    """A broadcast under way: what it works with and what was seen of it."""

    terms: Terms
    processes: Processes
    command: CommandLine
    doors: Doors
    screen: Screen
    n_expected: int
    """Campaigns that must finish."""
    titles: Sequence[str]
    """Policies that wait for approval."""
    n_killed: int = 0

    async def run(self) -> list[dict[str, Any]]:
        """Every campaign is finished and the gateways owe nothing; the campaigns. Raises DemoError, with what hangs."""
        patience = self.terms.patience.total_seconds()
        moved_at = time.monotonic()
        n_calm, last = 0, None
        with self.screen.watching():
            while n_calm < _CALM_POLLS:
                await asyncio.sleep(_POLL_S)
                self.processes.check()
                campaigns, counts = await self.doors.campaigns(), await self.doors.counts()
                if campaigns is None:
                    continue
                self.screen.show(campaigns, counts)
                seen = [(one["campaign_id"], one["reached"], one["unreached"], one["pending"]) for one in campaigns]
                n_calm = n_calm + 1 if self._is_over(campaigns, counts) and seen == last else 0
                moved_at = moved_at if seen == last else time.monotonic()
                last = seen
                if time.monotonic() - moved_at > patience:
                    raise DemoError(f"{patience:.0f} 秒没有进展（见 logs/serve.log）：{_hanging(campaigns, counts)}")
        return campaigns or []

    def _is_over(self, campaigns: Sequence[dict[str, Any]], counts: dict[str, Any]) -> bool:
        if paused := [one for one in campaigns if one["state"] == "paused"]:
            raise DemoError(f"任务“{paused[0]['title']}”被暂停：{paused[0]['paused_why']}")
        finished = [one for one in campaigns if one["state"] == "finished"]
        return (
            len(finished) >= self.n_expected
            and not any(one["pending"] for one in campaigns)
            and not any(one["state"] in ("approved", "running") for one in campaigns)
            and n_owed_pushes(counts) == 0
            and (self.n_killed > 0 or not self.terms.kills)
        )

    async def approve_all(self) -> None:
        """Policies that wait are approved by the reviewer; a person at the console may come first."""
        first_seen: dict[int, float] = {}
        courtesy = 0.0 if self.terms.headless else self.terms.courtesy.total_seconds()
        while len(first_seen) < len(self.titles) or await self._waiting():
            waiting = {one["campaign_id"]: one for one in await self._waiting()}
            for number in waiting.keys() - first_seen.keys():
                first_seen[number] = time.monotonic()
                self.screen.say(f"  待审核：{waiting[number]['title']}；{waiting[number]['rule_text']}")
            due = [number for number in waiting if time.monotonic() - first_seen[number] >= courtesy]
            await together(*map(self._approve, due))
            await asyncio.sleep(_POLL_S)

    async def _waiting(self) -> list[dict[str, Any]]:
        found = await self.doors.campaigns() or []
        return [one for one in found if one["state"] == "in_review" and one["title"] in self.titles]

    async def _approve(self, number: int) -> None:
        try:
            await self.command("campaign", "approve", number, "--by", REVIEWER)
        except DemoError:
            if any(one["campaign_id"] == number for one in await self._waiting()):
                raise
            return  # somebody at the console was quicker
        self.screen.say(f"  {REVIEWER} 批准了任务 {number}")

    async def kill_once(self, n_owed: int) -> None:
        """Once a quarter of what is owed was accepted, the service dies without a word and is started again."""
        while (n := n_accepted(await self.doors.counts())) < _KILL_AFTER * n_owed:  # noqa: ASYNC110  # a process of its own
            await asyncio.sleep(_KILL_POLL_S)
        await self.processes.kill(SERVICE)
        self.screen.say(f"  已强行终止服务（kill -9），通道此时已接收 {n} 条；重新启动")
        await self.processes.start(SERVICE, "serve")
        self.n_killed += 1


def _hanging(campaigns: Sequence[dict[str, Any]], counts: dict[str, Any]) -> str:
    waiting = [f"“{one['title']}”{one['state']} {one['pending']} 户" for one in campaigns if one["pending"]]
    return "；".join([*waiting, f"通道还欠 {n_owed_pushes(counts)} 条回执"])
