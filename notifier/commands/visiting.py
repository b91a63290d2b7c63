"""Visits on the command line: listed masked, signed off, noted, excused by two people; within one's own region."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission
from notifier.app import App, open_app
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.errors import InputError
from notifier.domain.outcomes import EXCUSES, REASON_TEXT, Reason
from notifier.report.words import reason_text
from notifier.settings import load_settings
from notifier.store.visit_list import region_of_visit
from notifier.store.visits import ABSENCES, Report

commands = typer.Typer(no_args_is_help=True, help="Open visits: list, sign off, note who was not met, excuse.")

Who = Annotated[str, typer.Option("--by", help="the user who decides; stands in the audit trail")]
Number = Annotated[int, typer.Argument(help="its number, as listed")]
Why = Annotated[str, typer.Option("--reason", help="the reason's word")]
_COUNTY = "640425000000"


@commands.command("list")
def list_command(
    region: Annotated[str, typer.Option(help="12-digit code")] = _COUNTY, after: int = 0, as_json: AsJson = False
) -> None:
    """Visits of a region that wait, names and phones masked."""

    async def work(app: App) -> list[dict[str, Any]]:
        found = await app.visits.open_visits(region, after)
        return [
            {**plain(one), "name": one.householder, "phones": list(one.phones), "reason_text": reason_text(one.reason)}
            for one in found
        ]

    found = _with_app(work, as_json)
    lines = [
        f"{one['visit_id']:>6} {one['region_code']} {one['group_name'] or ''} {one['name']} {one['reason_text']}"
        for one in found
    ]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有待入户的农户")


@commands.command("sign")
def sign_command(
    numbers: Annotated[list[int], typer.Argument(help="their numbers, as listed")],
    by: Who,
    how: Annotated[str, typer.Option(help="上门, 电话 …")] = "上门",
    remark: str | None = None,
    as_json: AsJson = False,
) -> None:
    """The households were told in person; one that is not open ends it with what was signed so far kept."""

    async def work(app: App) -> None:
        for number in numbers:
            await app.visits.sign_off(number, by, how, remark)

    _permitted((by, Permission.VISIT), numbers, work, as_json)
    answer({"visits": numbers, "state": "signed"}, as_json=as_json)


@commands.command("excuse")
def excuse_command(number: Number, by: Who, reason: Why, as_json: AsJson = False) -> None:
    """Nobody is there to be told (去世销户, 户口迁出, 名单有误); a second person confirms."""

    async def work(app: App) -> None:
        report = Report(by, app.clock.now(), "免通知")
        await app.visits.ask_excuse(number, _read_reason(reason, EXCUSES), report)

    _permitted((by, Permission.VISIT), [number], work, as_json)
    answer({"visit": number, "state": "excuse_asked"}, as_json=as_json)


@commands.command("absent")
def absent_command(number: Number, by: Who, reason: Why, remark: str | None = None, as_json: AsJson = False) -> None:
    """Nobody was met (失联, 整户外出); the visit stays open."""

    async def work(app: App) -> None:
        report = Report(by, app.clock.now(), "上门未遇", remark)
        await app.visits.note_absence(number, _read_reason(reason, ABSENCES), report)

    _permitted((by, Permission.VISIT), [number], work, as_json)
    answer({"visit": number, "state": "open"}, as_json=as_json)


@commands.command("confirm")
def confirm_command(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Confirm an excuse that another person asked for."""
    _permitted((by, Permission.EXCUSE), [number], lambda app: app.visits.confirm_excuse(number, by), as_json)
    answer({"visit": number, "state": "excused"}, as_json=as_json)


@commands.command("decline")
def decline_command(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Do not agree to an excuse: the visit waits again."""
    _permitted((by, Permission.EXCUSE), [number], lambda app: app.visits.decline_excuse(number, by), as_json)
    answer({"visit": number, "state": "open"}, as_json=as_json)


def _read_reason(word: str, allowed: frozenset[Reason]) -> Reason:
    known = {REASON_TEXT[one]: one for one in Reason} | {one.value: one for one in Reason}
    if known.get(word) not in allowed:
        words = "、".join(REASON_TEXT[one] for one in sorted(allowed))
        raise InputError(f"没有“{word}”这个原因;可用:{words}")
    return known[word]


def _permitted(
    who: tuple[str, Permission], numbers: Sequence[int], work: Callable[[App], Awaitable[Any]], as_json: bool
) -> Any:
    async def checked(app: App) -> Any:
        user = await permitted(app.ledger, *who)
        for number in numbers:
            region = await region_of_visit(app.ledger, number)
            if region is None or not user.sees(region):
                raise InputError(f"没有编号为 {number} 的入户任务,或不在用户 {who[0]} 管辖的地区内")
        return await work(app)

    return _with_app(checked, as_json)


def _with_app(work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_app(load_settings()) as app:
            return await work(app)

    return run(opened(), as_json=as_json)
