"""备案审核 on the command line: list, file, audit, return, and the county sheet."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission
from notifier.app import App, open_app
from notifier.campaigns.filing import Officer
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.benefits import AuditState
from notifier.domain.errors import InputError
from notifier.domain.filing import DEED_TEXT, LEVEL_TEXT, FilingDeed
from notifier.domain.regions import level_of
from notifier.report.county_sheet import write_county_sheet
from notifier.settings import load_settings

filing = typer.Typer(no_args_is_help=True, help="备案审核: projects, level by level, and the county sheet.")

Who = Annotated[str, typer.Option("--by", help="the user who decides; stands in the audit trail")]
Number = Annotated[int, typer.Argument(help="the project's number, as listed")]
Region = Annotated[str, typer.Option(help="12-digit code")]
Day = Annotated[str | None, typer.Option(help="YYYY-MM-DD, Asia/Shanghai")]
_COUNTY = "640425000000"
_COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_FIRST_DAY = "2000-01-01"


@filing.command("list")
def filing_list(
    region: Region = _COUNTY,
    audit: Annotated[str | None, typer.Option(help="none, village, township, county or returned; all without")] = None,
    as_json: AsJson = False,
) -> None:
    """Projects of the region, the newest first, each with where it stands and whose turn it is."""
    if audit is not None and audit not in [one.value for one in AuditState]:
        raise typer.BadParameter("可用:none、village、township、county、returned", param_hint="--audit")

    async def work(app: App) -> list[dict[str, Any]]:
        wanted = None if audit is None else AuditState(audit)
        found = await app.filings.projects(_checked(region), audit=wanted)
        return [{**plain(one), "says": app.filings.says(one)} for one in found]

    found = _with_app(work, as_json)
    lines = [
        f"{one['benefit_id']:>6} {one['title']} {one['filing_number'] or '(无备案号)'} {one['says']}" for one in found
    ]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有到户项目")


@filing.command("file")
def filing_file(number: Number, by: Who, as_json: AsJson = False) -> None:
    """备案 by the next level, as a user of that level or above."""
    _deed(number, by, as_json, (FilingDeed.FILE, lambda app, officer: app.filings.file(number, officer)))


@filing.command("audit")
def filing_audit(number: Number, by: Who, as_json: AsJson = False) -> None:
    """审核通过 by the next level; after the last one the notices go out."""
    _deed(number, by, as_json, (FilingDeed.AUDIT, lambda app, officer: app.filings.audit(number, officer)))


@filing.command("return")
def filing_return(
    number: Number, by: Who, remark: Annotated[str, typer.Option(prompt="要改什么")] = "", as_json: AsJson = False
) -> None:
    """退回整改 with why; nobody is told anything until it was filed and audited again."""
    _deed(number, by, as_json, (FilingDeed.RETURN, lambda app, officer: app.filings.send_back(number, officer, remark)))


@filing.command("repeated")
def filing_repeated(
    number: Number,
    by: Who,
    tell: Annotated[bool, typer.Option("--tell/--drop", help="payments of their own, or repetitions to tell nobody")],
    as_json: AsJson = False,
) -> None:
    """Settle the project's lines that another batch of its item and period has too."""

    async def work(app: App) -> int:
        user = await permitted(app.ledger, by, Permission.FILE)
        return await app.filings.settle_repeated(number, Officer(user.name, user.region_code), tells=tell)

    n = _with_app(work, as_json)
    answer({"project": number, "lines": n, "told": tell}, as_json=as_json)


@filing.command("county")
def filing_county(
    region: Region = _COUNTY,
    since: Day = None,
    until: Day = None,
    xlsx: Annotated[Path | None, typer.Option(help="where the sheet is written")] = None,
    as_json: AsJson = False,
) -> None:
    """The county sheet: 备案, 审核, 待整改 and 发布惠民政策 by township; from --since until before --until."""
    first = _midnight(since or _FIRST_DAY)
    last = _midnight(until) if until else datetime.now(UTC)

    async def work(app: App) -> Any:
        return await app.filings.township_counts(_checked(region), first, last)

    counts = _with_app(work, as_json)
    if xlsx is not None:
        xlsx.write_bytes(write_county_sheet(counts, first, last))
    names = ("n_filed", "n_audited", "n_returned", "n_published")
    rows = [*counts, *([] if not counts else [None])]
    lines = [
        "合计 " + " ".join(str(sum(getattr(c, n) for c in counts)) for n in names)
        if one is None
        else f"{one.name} " + " ".join(str(getattr(one, n)) for n in names)
        for one in rows
    ]
    answer(counts, as_json=as_json, text="乡镇 备案 审核 待整改 发布政策\n" + "\n".join(lines))


def _deed(
    number: int, by: str, as_json: bool, doing: tuple[FilingDeed, Callable[[App, Officer], Awaitable[AuditState]]]
) -> None:
    async def work(app: App) -> AuditState:
        user = await permitted(app.ledger, by, Permission.FILE)
        return await doing[1](app, Officer(user.name, user.region_code))

    level = _with_app(work, as_json)
    said = f"{LEVEL_TEXT[level]}级{DEED_TEXT[doing[0]]}:项目 {number}"
    answer({"project": number, "deed": doing[0].value, "level": level.value}, as_json=as_json, text=said)


def _midnight(day: str) -> datetime:
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=_COUNTY_TIME)
    except ValueError:
        raise typer.BadParameter(f"{day} 不是日期;应为 YYYY-MM-DD") from None


def _checked(region: str) -> str:
    try:
        level_of(region)
    except ValueError:
        raise InputError(f"{region} 不是 12 位行政区划代码") from None
    return region


def _with_app(work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_app(load_settings()) as app:
            return await work(app)

    return run(opened(), as_json=as_json)
