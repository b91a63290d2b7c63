"""Importing files: households, payments, followers, regions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from notifier.app import SystemClock, open_ledger_at
from notifier.commands.answering import AsJson, Bar, answer, bar, plain, run
from notifier.domain.benefits import AuditState
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.registry.followers import import_followers
from notifier.registry.handing_in import HandedIn, handed_in
from notifier.registry.importing import import_households
from notifier.registry.regions import import_regions
from notifier.settings import Settings, load_settings
from notifier.sources.headers import load_aliases
from notifier.store.ledger import Ledger
from notifier.watch.importing import Handed, import_payments

commands = typer.Typer(no_args_is_help=True, help="Import households, payments, followers and regions.")
File = Annotated[Path, typer.Argument(help="the file as it came: .xlsx, .xls or .csv")]
Rejected = Annotated[Path | None, typer.Option("--rejected", help="where rejected rows are written, with reasons")]


def _said(report: Any, rejected: Path | None) -> dict[str, Any]:
    """The counts; the workbook of rejected rows is written where the uploader wants it."""
    workbook: bytes | None = report.rejected
    counts = report.as_json() if hasattr(report, "as_json") else plain(report)
    if workbook is not None and rejected is not None:
        rejected.write_bytes(workbook)
    written = str(rejected) if workbook is not None and rejected is not None else None
    return {**counts, "rejected_file": written, "has_rejected": workbook is not None}


async def _with_regions(ledger: Ledger, settings: Settings) -> None:
    await import_regions(ledger, settings.registry.regions_file)


@commands.command("households")
def households_command(file: File, rejected: Rejected = None, as_json: AsJson = False) -> None:
    """Import a roster; the same file again changes nothing."""

    async def work(progress: Bar) -> dict[str, Any]:
        settings = load_settings()
        async with open_ledger_at(settings) as ledger:
            await _with_regions(ledger, settings)
            report = await import_households(ledger, _present(file), settings.registry, SystemClock(), progress)
            return _said(report, rejected)

    with bar(f"导入 {file.name}", quiet=as_json) as progress:
        result = run(work(progress), as_json=as_json)
    answer(result, as_json=as_json)


@commands.command("followers")
def followers_command(file: File, rejected: Rejected = None, as_json: AsJson = False) -> None:
    """Import who follows the official account: 身份证号 and openid."""

    async def work(progress: Bar) -> dict[str, Any]:
        settings = load_settings()
        async with open_ledger_at(settings) as ledger:
            report = await import_followers(ledger, _present(file), settings.registry, SystemClock(), progress)
            return _said(report, rejected)

    with bar(f"导入 {file.name}", quiet=as_json) as progress:
        result = run(work(progress), as_json=as_json)
    answer(result, as_json=as_json)


@commands.command("payments")
def payments_command(file: File, rejected: Rejected = None, as_json: AsJson = False) -> None:
    """Import a payment workbook (一卡通发放清单); the same file again changes nothing."""

    async def work() -> dict[str, Any]:
        settings = load_settings()
        handed = Handed(
            load_aliases(settings.registry.headers_file, "payments"), AuditState(settings.watch.final_audit)
        )
        async with open_ledger_at(settings) as ledger:
            clock: Clock = SystemClock()
            return _said(await import_payments(ledger, _present(file).path, clock, handed), rejected)

    answer(run(work(), as_json=as_json), as_json=as_json)


@commands.command("regions")
def regions_command(file: File, as_json: AsJson = False) -> None:
    """Import 行政区划: a csv of code, name, level, parent."""

    async def work() -> dict[str, int]:
        async with open_ledger_at(load_settings()) as ledger:
            return {"changed": await import_regions(ledger, file)}

    answer(run(work(), as_json=as_json), as_json=as_json)


def _present(file: Path) -> HandedIn:
    if not file.is_file():
        raise InputError(f"找不到文件 {file.name};请检查路径")
    return handed_in(file)
