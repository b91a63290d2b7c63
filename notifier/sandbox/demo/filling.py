"""Before anything is told: the county is written down, handed in by its townships, and watched from then on."""

import asyncio
from pathlib import Path
from typing import Any

from notifier.sandbox.county import (
    BASELINE_BATCHES,
    NEW_BATCHES,
    County,
    PaymentTruth,
    RosterTruth,
    write_followers,
    write_payments,
    write_rosters,
)
from notifier.sandbox.demo.ground import COUNTY, Ground
from notifier.sandbox.demo.processes import CommandLine
from notifier.sandbox.demo.showing import Screen
from notifier.sandbox.demo.terms import DemoError
from notifier.sandbox.demo.truth import Truth

ADMINISTRATOR, REVIEWER = "demo-admin", "demo-reviewer"
_USERS = {ADMINISTRATOR: "administrator", REVIEWER: "reviewer"}
_SETTLE_S = 1.2
_LARGE_BYTES = 2_000_000


async def write_county(county: County, ground: Ground) -> Truth:
    """Rosters, followers and last year's payments are in their folders, this year's beside the watched one."""
    draft = ground.folder / "drafts"
    draft.mkdir()

    def write() -> tuple[RosterTruth, PaymentTruth, PaymentTruth, int]:
        return (
            write_rosters(county, ground.rosters),
            write_payments(county, ground.watched, BASELINE_BATCHES),
            write_payments(county, draft, NEW_BATCHES),
            write_followers(county, ground.folder / "followers.csv"),
        )

    rosters, baseline, payments, n_followers = await asyncio.to_thread(write)
    return Truth(rosters, baseline, payments, n_followers)


def roster_files(ground: Ground) -> list[Path]:
    """The rosters in the order in which they are handed in."""
    return sorted(ground.rosters.iterdir())


async def import_county(command: CommandLine, ground: Ground, screen: Screen) -> list[dict[str, Any]]:
    """The registry holds the county; the answer for each roster. Large ones one by one, so that one sees them pass."""
    files = roster_files(ground)
    at_once = 1 if sum(file.stat().st_size for file in files) > _LARGE_BYTES else len(files)
    answers: list[dict[str, Any]] = []
    for first in range(0, len(files), at_once):
        part = files[first : first + at_once]
        place = ground.returned if len(part) > 1 else ground.returned / f"{part[0].stem}-退回.xlsx"
        answer = await command("import", "households", *part, "--rejected", place)
        for one in answer if isinstance(answer, list) else [answer]:
            answers.append(one)
            screen.say(
                f"  {one['file']}：{one['n_rows']} 行，新增 {one['n_households_added']} 户，"
                f"退回 {one['n_rejected']} 行，合并 {one['n_merged']} 行"
            )
    followers = await command("import", "followers", ground.folder / "followers.csv")
    screen.say(f"  公众号关注者：绑定 {followers['n_added']} 人")
    return answers


async def add_users(command: CommandLine, ground: Ground) -> None:
    """Those who decide can log in. The first command of all: it makes the ledger."""
    for name, role in _USERS.items():
        told = ("user", "add", name, "--role", role, "--region", COUNTY)
        await command(*told, NOTIFIER_NEW_PASSWORD=ground.password)


async def watch_from_now_on(command: CommandLine, truth: Truth) -> None:
    """Every source was looked at once: what is there already tells nobody. Raises DemoError when one was not read."""
    await asyncio.sleep(_SETTLE_S)  # a file that was just written counts as still being copied
    report = await command("once", "watch")
    for source in report["sources"]:
        if source["error"] or source["left_out"]:
            raise DemoError(f"来源“{source['title']}”没有读完：{source['error'] or source['left_out'][0]['why']}")
        if any(source["counts"][kind] for kind in ("new", "more")):
            raise DemoError(f"来源“{source['title']}”把已有的内容当成了新的")
    n_batches = next(one["counts"]["baseline"] for one in report["sources"] if one["name"] == "payments")
    if n_batches != len(truth.baseline.batches):
        raise DemoError(f"基线应有 {len(truth.baseline.batches)} 个发放批次，读到 {n_batches} 个")


def drop_payments(ground: Ground) -> None:
    """This year's payment workbooks appear in the watched folder, each whole."""
    for file in sorted((ground.folder / "drafts").iterdir()):
        file.rename(ground.watched / file.name)
