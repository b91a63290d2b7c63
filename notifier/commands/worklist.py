"""The unmatched queue as a workbook: export, decide in a spreadsheet, import."""

from pathlib import Path
from typing import Annotated, Any

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission
from notifier.app import open_ledger_at
from notifier.commands.answering import AsJson, answer, run, write_for_owner
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.match.worklist import export_queue, import_decisions
from notifier.settings import load_settings
from notifier.store.ledger import Ledger
from notifier.store.unmatched import count_unmatched

Book = Annotated[Path, typer.Argument(help="the workbook, .xlsx")]
Who = Annotated[str, typer.Option("--by", help="the user who decided; stands in the audit trail")]


async def _may(ledger: Ledger, by: str) -> None:
    await permitted(ledger, by, Permission.MATCH)


def export_command(
    file: Book,
    benefit: Annotated[int | None, typer.Option(help="only this benefit's lines, by its number")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the queue to a workbook, candidates masked: decide in its column 决定, then import it."""

    async def work() -> dict[str, Any]:
        async with open_ledger_at(load_settings()) as ledger:
            write_for_owner(file, await export_queue(ledger, benefit))
            return {"file": str(file), **await count_unmatched(ledger)}

    answer(run(work(), as_json=as_json), as_json=as_json)


def import_command(
    file: Book,
    by: Who,
    rejected: Annotated[Path | None, typer.Option("--rejected", help="where rows with a problem are written")] = None,
    as_json: AsJson = False,
) -> None:
    """Decide the lines that an exported workbook decides; what is resolved is told without another import."""

    async def work() -> dict[str, Any]:
        if not file.is_file():
            raise InputError(f"找不到文件 {masked(file.name)};请检查路径")
        async with open_ledger_at(load_settings()) as ledger:
            await _may(ledger, by)
            done = await import_decisions(ledger, file.read_bytes(), masked(file.name), by)
        if done.rejected is not None and rejected is not None:
            write_for_owner(rejected, done.rejected)
        counts = {"resolved": done.n_resolved, "refused": done.n_refused, "left": done.n_left}
        return {**counts, "rejected": done.n_rejected, "has_rejected": done.rejected is not None}

    answer(run(work(), as_json=as_json), as_json=as_json)
