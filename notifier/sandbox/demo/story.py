"""The story from an empty folder to the proof."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from notifier.sandbox.county import County, build_county
from notifier.sandbox.demo import accounting, filling
from notifier.sandbox.demo.accounting import Account
from notifier.sandbox.demo.console import Doors, PolicySite
from notifier.sandbox.demo.ground import Ground, lay_ground
from notifier.sandbox.demo.mishaps import plans
from notifier.sandbox.demo.processes import CommandLine, Processes, environment, together
from notifier.sandbox.demo.showing import Screen
from notifier.sandbox.demo.telling import SERVICE, Broadcast
from notifier.sandbox.demo.terms import Terms
from notifier.sandbox.demo.truth import Truth
from notifier.sandbox.demo.visiting import work_off

_SEED = 2026


class Story:
    """One run. Use it as a context: leaving it ends every process that it started."""

    def __init__(self, terms: Terms, screen: Screen) -> None:
        self.terms = terms
        self.screen = screen
        self.ground: Ground = lay_ground(terms)
        env = environment(self.ground.config)
        self.command = CommandLine(env)
        self.processes = Processes(env, self.ground.logs)
        self.account = Account()
        self._began = time.monotonic()
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> "Story":
        self._opened.push_async_callback(self.processes.end)
        await self._opened.enter_async_context(PolicySite(self.ground))
        self.doors = await self._opened.enter_async_context(Doors(self.ground))
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._opened.aclose()

    async def tell(self) -> dict[str, Any]:
        """The whole job is done; the last line. `self.account` holds what is not as it should be."""
        county = build_county(_SEED, self.terms.n_households)
        truth = await self._fill(county)
        await self._open()
        filling.drop_payments(self.ground)
        await asyncio.to_thread(truth.read_county, county, await self.doors.publish())
        campaigns = await self._broadcast(truth)
        n_signed, n_excused = await work_off(self.command)
        self.screen.say(f"入户：签收 {n_signed} 户，经两人确认免予通知 {n_excused} 户")
        report, proof = await self._check(truth, campaigns)
        self.screen.report(report)
        return _last_line(truth, report, proof, time.monotonic() - self._began)

    async def _fill(self, county: County) -> Truth:
        truth: Truth
        self.screen.say(f"生成合成的彭阳县：{self.terms.n_households} 户")
        truth, _, _ = await together(
            filling.write_county(county, self.ground),
            filling.add_users(self.command, self.ground),
            self.processes.start("sandbox", "sandbox", "--config", str(self.ground.sandbox_config)),
        )
        self.screen.say(f"导入 {len(filling.roster_files(self.ground))} 份花名册")
        answers = await filling.import_county(self.command, self.ground, self.screen)
        accounting.check_registry(self.account, truth, answers)
        await filling.watch_from_now_on(self.command, truth)
        self.screen.say("已有的政策和发放批次作为基线，不通知任何人")
        return truth

    async def _open(self) -> None:
        for gateway, plan in plans(self.terms).items():
            await self.doors.misbehave(gateway, plan)
        await self.processes.start(SERVICE, "serve")
        await self.doors.log_in(filling.ADMINISTRATOR)
        ground = self.ground
        self.screen.say(f"沙箱通道 {ground.sandbox} 会出错：限流、断线、空号停机关机，回执丢失、迟到、重复")
        self.screen.say(f"[bold]控制台 {ground.service}[/]")
        self.screen.say(f"  用户 {filling.ADMINISTRATOR} 或 {filling.REVIEWER}，密码 {ground.password}")

    async def _broadcast(self, truth: Truth) -> list[dict[str, Any]]:
        n_batches, n_policies = len(truth.payments.batches), len(truth.policies)
        self.screen.say(f"放入 {n_batches} 份发放清单，政策网站公布了 {n_policies} 项惠民政策")
        if not self.terms.headless:
            courtesy = f"{self.terms.courtesy.total_seconds():.0f}"
            self.screen.say(f"请用 {filling.REVIEWER} 在控制台审核政策通知；{courtesy} 秒后由演示程序代为批准")
        broadcast = Broadcast(
            self.terms, self.processes, self.command, self.doors, self.screen, truth.n_campaigns, list(truth.policies)
        )
        killing = [broadcast.kill_once(truth.n_owed)] if self.terms.kills else []
        campaigns: list[dict[str, Any]] = (await together(broadcast.run(), broadcast.approve_all(), *killing))[0]
        return campaigns

    async def _check(self, truth: Truth, campaigns: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
        self.screen.say("核对：账本、沙箱的手机记录、合成县的底册")
        told = accounting.record_lines(self.ground.record)
        proof, doctor, report, _ = await together(
            self.command("proof", "-", told=told, may_fail=True),
            self.command("doctor", may_fail=True),
            self.command("report", may_fail=True),
            accounting.check_payments(self.account, truth, self.ground, self.command),
        )
        accounting.check_campaigns(self.account, truth, campaigns)
        accounting.check_service(self.account, truth, doctor, report)
        accounting.check_handsets(self.account, truth, self.ground)
        accounting.check_logs(self.account, self.ground)
        return report, proof


def _last_line(truth: Truth, report: Mapping[str, Any], proof: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    owed = {name: report[name] for name in ("owed", "reached", "unreached", "excused", "pending")}
    n_not_sent = proof["n_unknown"] + proof["n_called_not_sent"]
    return {
        "households": truth.rosters.n_households,
        **owed,
        "messages": proof["n_messages"],
        "accepted": proof["n_taken"],
        "delivered": sum(one["delivered"] for one in report["media"].values()),
        "duplicates": proof["n_duplicates"],
        "lost": proof["n_lost_owed"] + n_not_sent,
        "phantoms": proof["n_phantoms"],
        "unproved": proof["n_unproved_owed"],
        "unmatched": report["unmatched_payments"],
        "rate_handset": report["rate_handset"],
        "rate_acknowledged": report["rate_acknowledged"],
        "seconds": round(seconds, 1),
    }


def is_accounted_for(line: Mapping[str, Any], account: Account) -> list[str]:
    """Sentences about what is not accounted for; empty when the run may end well."""
    for name in ("pending", "duplicates", "lost", "phantoms", "unproved"):
        account.equal(name, line[name], 0)
    account.equal("已通知+未通知+免予通知", line["reached"] + line["unreached"] + line["excused"], line["owed"])
    return account.wrong
