"""Campaigns, reports, visits and the queue of unmatched payments."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission
from notifier.app import App, open_app, open_ledger_at
from notifier.campaigns.drafting import Author
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.errors import InputError
from notifier.domain.outcomes import REASON_TEXT, Reason
from notifier.report.rate import Report, rate_report
from notifier.report.table import report_table
from notifier.report.workbook import write_workbook
from notifier.schedule import SystemClock
from notifier.settings import load_settings
from notifier.store import campaigns as stored
from notifier.store import unmatched as queue
from notifier.store.drafts import draft
from notifier.store.retrying import MENDABLE

campaign = typer.Typer(
    no_args_is_help=True, help="List, review, launch, pause, resume and cancel campaigns, or let one out at any hour."
)
unmatched = typer.Typer(no_args_is_help=True, help="Payment lines that found nobody, or several: work them off.")

Who = Annotated[str, typer.Option("--by", help="the user who decides; stands in the audit trail")]
Number = Annotated[int, typer.Argument(help="its number, as listed")]
_COUNTY = "640425000000"


@campaign.command("list")
def campaign_list(as_json: AsJson = False) -> None:
    """Every campaign, the newest first."""

    async def work() -> list[dict[str, Any]]:
        async with open_ledger_at(load_settings()) as ledger:
            return [{**plain(one), "state_text": one.state_text} for one in await stored.list_campaigns(ledger)]

    found = run(work(), as_json=as_json)
    lines = [f"{one['campaign_id']:>4} {one['state_text']} {one['title']}({one['purpose']})" for one in found]
    answer(found, as_json=as_json, text="\n".join(lines) or "还没有通知任务;导入发放清单或等待政策公布后会自动生成")


@campaign.command("show")
def campaign_show(number: Number, as_json: AsJson = False) -> None:
    """A campaign: whom it tells, the words that say so, and how many households that is today."""

    async def work(app: App) -> dict[str, Any]:
        async with app.ledger.reading() as c:
            found = await stored.campaign(c, number)
        return {**plain(found), "state_text": found.state_text, "audience": await app.campaigns.audience(number)}

    answer(_with_app(work, as_json), as_json=as_json)


@campaign.command("approve")
def campaign_approve(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Approve it; the last approval it needs makes it ready to launch."""
    _decide((by, Permission.REVIEW), lambda app: app.campaigns.review(number, by, approves=True), as_json)


@campaign.command("return")
def campaign_return(number: Number, by: Who, remark: Annotated[str, typer.Option()], as_json: AsJson = False) -> None:
    """Send it back with a remark."""
    _decide(
        (by, Permission.REVIEW), lambda app: app.campaigns.review(number, by, approves=False, remark=remark), as_json
    )


@campaign.command("submit")
def campaign_submit(
    number: Number,
    by: Who,
    confirm: Annotated[str, typer.Option(help="the number of households, where that is asked for")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask for its review."""

    async def work(app: App) -> Any:
        found = await draft(app.ledger, number)
        if found is None:
            return await app.campaigns.submit(number, by)
        return await app.drafts.submit(found, Author(by, found.region_code or _COUNTY), confirm)

    _decide((by, Permission.DRAFT), work, as_json)


@campaign.command("retry")
def campaign_retry(
    number: Number,
    by: Who,
    reason: Annotated[str, typer.Option(help="what is mended: 内容被拦截, 签名未报备, 通道故障, 无号码 …")],
    why: Annotated[str, typer.Option(help="how it was mended; stands in the audit trail")],
    as_json: AsJson = False,
) -> None:
    """Tell those again who were not told for a reason that is mended."""
    known = {text: one for one, text in REASON_TEXT.items()} | {one.value: one for one in Reason}

    async def work(app: App) -> int:
        if reason not in known:
            raise InputError(f"没有“{reason}”这个原因;可用:{'、'.join(REASON_TEXT[one] for one in sorted(MENDABLE))}")
        return await app.campaigns.retry(number, by, known[reason], why)

    n = _permitted((by, Permission.DRIVE), work, as_json)
    answer({"households": n}, as_json=as_json)


@campaign.command("launch")
def campaign_launch(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Start an approved campaign."""
    _decide((by, Permission.DRIVE), lambda app: app.campaigns.launch(number, by), as_json)


@campaign.command("pause")
def campaign_pause(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Hand nothing new to a gateway."""
    _decide((by, Permission.DRIVE), lambda app: app.campaigns.pause(number, by), as_json)


@campaign.command("resume")
def campaign_resume(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Go on where it stopped."""
    _decide((by, Permission.DRIVE), lambda app: app.campaigns.resume(number, by), as_json)


@campaign.command("emergency")
def campaign_emergency(
    number: Number,
    by: Who,
    why: Annotated[str, typer.Option(help="the reason; stands in the audit trail")],
    as_json: AsJson = False,
) -> None:
    """Let it go out before all others and at any hour."""
    _decide((by, Permission.EMERGENCY), lambda app: app.campaigns.permit_any_hour(number, by, why), as_json)


@campaign.command("cancel")
def campaign_cancel(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Stop it for good; what was not sent is withdrawn."""
    _decide((by, Permission.DRIVE), lambda app: app.campaigns.cancel(number, by), as_json)


def _with_app(work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_app(load_settings()) as app:
            return await work(app)

    return run(opened(), as_json=as_json)


Decider = tuple[str, Permission]
"""Who decides, and what they must be permitted."""


def _decide(who: Decider, work: Callable[[App], Awaitable[Any]], as_json: bool) -> None:
    answer({"state": _permitted(who, work, as_json)}, as_json=as_json)


def _permitted(who: Decider, work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def checked(app: App) -> Any:
        await permitted(app.ledger, *who)
        return await work(app)

    return _with_app(checked, as_json)


def report_command(
    number: Annotated[int | None, typer.Argument(help="a campaign's number; all of them without")] = None,
    region: Annotated[str | None, typer.Option(help="12-digit code; the whole county without")] = None,
    villages: Annotated[bool, typer.Option(help="a row a village instead of a township")] = False,
    xlsx: Annotated[Path | None, typer.Option(help="write a workbook there")] = None,
    as_json: AsJson = False,
) -> None:
    """The rate: owed, reached by level, unreached by reason; exit code 1 when the sums do not add up."""

    async def work() -> Report:
        async with open_ledger_at(load_settings()) as ledger:
            report = await rate_report(ledger, number, region)
            if xlsx is not None:
                xlsx.write_bytes(await write_workbook(ledger, report, SystemClock().now()))
            return report

    report: Report = run(work(), as_json=as_json)
    if as_json:
        answer(report.as_json(), as_json=True)
    else:
        Console().print(report_table(report, villages=villages))
    if report.problems:
        raise typer.Exit(1)


@unmatched.command("list")
def unmatched_list(after: int = 0, as_json: AsJson = False) -> None:
    """The queue, names and ids masked, with candidates."""

    async def work(app: App) -> list[Any]:
        return [plain(one) for one in await queue.list_unmatched(app.ledger, after=after)]

    found = _with_app(work, as_json)
    lines = [
        f"{one['payment_id']:>6} {one['title']} {one['village'] or ''} {one['name']} {one['why']}" for one in found
    ]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有待核对的发放明细")


@unmatched.command("resolve")
def unmatched_resolve(
    number: Number,
    person: Annotated[int, typer.Argument(help="the candidate's number")],
    by: Who,
    as_json: AsJson = False,
) -> None:
    """The line means this person; their household is told without another import."""
    who = (by, Permission.MATCH)
    done = _permitted(who, lambda app: queue.resolve(app.ledger, number, person, by), as_json)
    answer({"benefit": done}, as_json=as_json)


@unmatched.command("refuse")
def unmatched_refuse(number: Number, by: Who, reason: Annotated[str, typer.Option()], as_json: AsJson = False) -> None:
    """The line means nobody of the county."""
    who = (by, Permission.MATCH)
    done = _permitted(who, lambda app: queue.refuse(app.ledger, number, reason, by), as_json)
    answer({"benefit": done}, as_json=as_json)
