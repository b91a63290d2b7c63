"""Village officers at work: a few visits signed off, one household excused by two people."""

import asyncio

from notifier.sandbox.demo.filling import ADMINISTRATOR, OFFICER, REVIEWER
from notifier.sandbox.demo.processes import CommandLine
from notifier.sandbox.demo.terms import DemoError

_SIGNED = 2


async def work_off(command: CommandLine) -> tuple[int, int]:
    """A few of the open visits are done; (signed, excused). Nobody may confirm their own excuse, which is tried too."""
    visits = [one["visit_id"] for one in await command("visit", "list") if one["state"] == "open"]
    if not visits:
        return 0, 0
    gone, *told = visits[: 1 + _SIGNED]
    await command("visit", "excuse", gone, "--by", OFFICER, "--reason", "去世销户")
    await asyncio.gather(
        _refused(command, gone),
        *(command("visit", "sign", one, "--by", OFFICER, "--how", "上门") for one in told[:1]),
    )
    await asyncio.gather(
        command("visit", "confirm", gone, "--by", REVIEWER),
        *(command("visit", "sign", one, "--by", ADMINISTRATOR, "--how", "电话") for one in told[1:]),
    )
    return len(told), 1


async def _refused(command: CommandLine, visit: int) -> None:
    try:
        await command("visit", "confirm", visit, "--by", OFFICER)
    except DemoError:
        return
    raise DemoError("同一个人既提出又确认了免通知申请")
