"""Village officers at work: a few visits signed off, one household excused by two people."""

from notifier.sandbox.demo.filling import ADMINISTRATOR, REVIEWER
from notifier.sandbox.demo.processes import CommandLine, together
from notifier.sandbox.demo.terms import DemoError

_SIGNED = 4


async def work_off(command: CommandLine) -> tuple[int, int]:
    """A few of the open visits are done; (signed, excused). Nobody may confirm their own excuse, which is tried too."""
    visits = [one["visit_id"] for one in await command("visit", "list") if one["state"] == "open"]
    if not visits:
        return 0, 0
    gone, *told = visits[: 1 + _SIGNED]
    signing = [command("visit", "sign", *told, "--by", ADMINISTRATOR, "--how", "上门")] if told else []
    await together(command("visit", "excuse", gone, "--by", ADMINISTRATOR, "--reason", "去世销户"), *signing)
    await _refused(command, gone)
    await command("visit", "confirm", gone, "--by", REVIEWER)
    return len(told), 1


async def _refused(command: CommandLine, visit: int) -> None:
    try:
        await command("visit", "confirm", visit, "--by", ADMINISTRATOR)
    except DemoError:
        return
    raise DemoError("同一个人既提出又确认了免通知申请")
