"""Importing files: households, payments, followers, regions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from notifier.app import open_ledger_at
from notifier.commands.answering import AsJson, Bar, answer, bar, plain, run, write_for_owner
from notifier.domain.benefits import AuditState, Issue
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.registry.aliases import import_aliases
from notifier.registry.followers import import_followers
from notifier.registry.handing_in import HandedIn, handed_in
from notifier.registry.importing import import_households
from notifier.registry.name_lists import import_list
from notifier.registry.regions import import_regions
from notifier.schedule import SystemClock
from notifier.settings import Settings, load_settings
from notifier.sources.headers import load_aliases
from notifier.store.ledger import Ledger
from notifier.store.matching import forget_failures
from notifier.watch.importing import Handed, import_payments

commands = typer.Typer(no_args_is_help=True, help="Import households, payments, lists, followers and regions.")
File = Annotated[Path, typer.Argument(help="the file as it came: .xlsx, .xls or .csv")]
Files = Annotated[list[Path], typer.Argument(help="files as they came, read in this order: .xlsx, .xls or .csv")]
Rejected = Annotated[
    Path | None,
    typer.Option("--rejected", help="where rejected rows are written, with reasons; a folder for several files"),
]


def _said(report: Any, rejected: Path | None) -> dict[str, Any]:
    """The counts; the workbook of rejected rows is written where the uploader wants it."""
    workbook: bytes | None = report.rejected
    counts = report.as_json() if hasattr(report, "as_json") else plain(report)
    if workbook is not None and rejected is not None:
        write_for_owner(rejected, workbook)
    written = str(rejected) if workbook is not None and rejected is not None else None
    return {**counts, "rejected_file": written, "has_rejected": workbook is not None}


def _check_place(files: list[Path], rejected: Path | None) -> None:
    if len(files) > 1 and rejected is not None and not rejected.is_dir():
        raise typer.BadParameter("多个文件时应为已有的文件夹", param_hint="--rejected")


def _place(files: list[Path], file: Path, rejected: Path | None) -> Path | None:
    """Where a file's rejected rows go: the place itself for one file, a workbook of its name in it for several."""
    return rejected / f"{file.stem}-退回.xlsx" if rejected is not None and len(files) > 1 else rejected


def _answer_each(done: list[dict[str, Any]], as_json: bool) -> None:
    if as_json or len(done) == 1:
        answer(done[0] if len(done) == 1 else done, as_json=as_json)
        return
    for one in done:
        answer(
            {name: what for name, what in one.items() if name.startswith("n_") or name in ("file", "name")},
            as_json=False,
        )


async def _with_regions(ledger: Ledger, settings: Settings) -> None:
    await import_regions(ledger, settings.registry.regions_file)


@commands.command("households")
def households_command(files: Files, rejected: Rejected = None, as_json: AsJson = False) -> None:
    """Import rosters; the same file again changes nothing. Several files answer with a list, in their order."""
    _check_place(files, rejected)

    async def work() -> list[dict[str, Any]]:
        settings = load_settings()
        done = []
        async with open_ledger_at(settings) as ledger:
            await _with_regions(ledger, settings)
            for file in files:
                with bar(f"导入 {masked(file.name)}", quiet=as_json) as progress:
                    report = await import_households(ledger, _present(file), settings.registry, SystemClock(), progress)
                done.append(_said(report, _place(files, file, rejected)))
            # Payment lines that found nobody may find these households: they are matched again.
            await forget_failures(ledger)
        return done

    _answer_each(run(work(), as_json=as_json), as_json)


@commands.command("followers")
def followers_command(file: File, rejected: Rejected = None, as_json: AsJson = False) -> None:
    """Import who follows the official account: 身份证号 and openid."""

    async def work(progress: Bar) -> dict[str, Any]:
        settings = load_settings()
        async with open_ledger_at(settings) as ledger:
            report = await import_followers(ledger, _present(file), settings.registry, SystemClock(), progress)
            return _said(report, rejected)

    with bar(f"导入 {masked(file.name)}", quiet=as_json) as progress:
        result = run(work(progress), as_json=as_json)
    answer(result, as_json=as_json)


@commands.command("payments")
def payments_command(
    files: Files,
    rejected: Rejected = None,
    issue: Annotated[
        Issue | None,
        typer.Option("--as", help="again: corrects an earlier list; part: only adds to it; without: as the list says"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import payment workbooks (一卡通发放清单); the same file again changes nothing. Several answer with a list."""
    _check_place(files, rejected)

    async def work() -> list[dict[str, Any]]:
        settings = load_settings()
        clock: Clock = SystemClock()
        handed = Handed(
            load_aliases(settings.registry.headers_file, "payments"),
            AuditState(settings.watch.final_audit),
            issue=issue,
        )
        async with open_ledger_at(settings) as ledger:
            return [
                _said(await import_payments(ledger, _present(file).path, clock, handed), _place(files, file, rejected))
                for file in files
            ]

    _answer_each(run(work(), as_json=as_json), as_json)


@commands.command("regions")
def regions_command(file: File, as_json: AsJson = False) -> None:
    """Import 行政区划: a csv of code, name, level, parent."""

    async def work() -> dict[str, int]:
        async with open_ledger_at(load_settings()) as ledger:
            return {"changed": await import_regions(ledger, file)}

    answer(run(work(), as_json=as_json), as_json=as_json)


def _present(file: Path) -> HandedIn:
    if not file.is_file():
        raise InputError(f"找不到文件 {masked(file.name)};请检查路径")
    return handed_in(file)


@commands.command("aliases")
def aliases_command(file: File, as_json: AsJson = False) -> None:
    """Import old and other names of villages (旧名, 代码): files that say them are understood from now on."""

    async def work() -> dict[str, int]:
        settings = load_settings()
        async with open_ledger_at(settings) as ledger:
            await _with_regions(ledger, settings)
            n_new = await import_aliases(ledger, _present(file).path)
            await forget_failures(ledger)
        return {"new": n_new}

    answer(run(work(), as_json=as_json), as_json=as_json)


@commands.command("list")
def list_command(
    file: File,
    name: Annotated[str, typer.Option("--name", help='what rules call it: 在名单 "名称"')],
    rejected: Rejected = None,
    as_json: AsJson = False,
) -> None:
    """Import a list of persons that rules can name (户编号, 身份证号, or 姓名 and 行政村); a new file replaces it."""

    async def work() -> dict[str, Any]:
        settings = load_settings()
        async with open_ledger_at(settings) as ledger:
            await _with_regions(ledger, settings)
            report = await import_list(ledger, _present(file), name, settings.registry, SystemClock())
            return _said(report, rejected)

    answer(run(work(), as_json=as_json), as_json=as_json)
