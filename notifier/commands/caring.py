"""The sealing keys, the audit trail, and the doctor."""

from typing import Annotated, Any

import typer

from notifier.app import open_app, open_ledger_at
from notifier.commands.answering import AsJson, Bar, answer, bar, run
from notifier.domain.errors import InputError
from notifier.operate.doctor import Finding, examine
from notifier.settings import load_settings
from notifier.store import audit
from notifier.store.rotation import is_rotated, rotate_seals
from notifier.store.sealing import add_key

keys = typer.Typer(no_args_is_help=True, help="The keys of sealed personal data.")
trail = typer.Typer(no_args_is_help=True, help="The audit trail.")


@keys.command("rotate")
def keys_rotate(as_json: AsJson = False) -> None:
    """Make a new key and seal every value with it; a run that was cut short goes on where it stopped.

    Start the services anew afterwards; run it again if one was still sealing with the old key.
    """

    async def work(progress: Bar) -> dict[str, Any]:
        settings = load_settings()
        async with open_ledger_at(settings) as ledger:
            goes_on = not await is_rotated(ledger)
        if not goes_on:
            add_key(settings.seal.key_file)
        async with open_ledger_at(settings) as ledger:
            resealed = await rotate_seals(ledger, progress)
            return {"key": ledger.vault.active_key_id, "went_on": goes_on, "resealed": resealed}

    with bar("重新加密", quiet=as_json) as progress:
        result = run(work(progress), as_json=as_json)
    answer(result, as_json=as_json)


@trail.command("verify")
def trail_verify(
    known: Annotated[str, typer.Option(help="NUMBER:HASH that an earlier run or the log told")] = "",
    as_json: AsJson = False,
) -> None:
    """Check the hash chain; exit code 1 and the places where it was tampered with.

    Write the head down outside of the ledger: given as --known it later proves that nothing up to it was cut off.
    """

    async def work() -> dict[str, Any]:
        async with open_ledger_at(load_settings()) as ledger:
            breaks, newest = await audit.verify(ledger, _head(known)), await audit.head(ledger)
        told = f"{newest.entry_id}:{newest.hash}" if newest else None
        return {"whole": not breaks, "breaks": list(breaks), "head": told}

    result = run(work(), as_json=as_json)
    answer(result, as_json=as_json)
    if not result["whole"]:
        raise typer.Exit(1)


def _head(known: str) -> audit.Head | None:
    number, _, hashed = known.partition(":")
    if known and not (number.isascii() and number.isdigit() and hashed):
        raise InputError("--known 应为 编号:哈希,例如 120:9f3c…,见上一次的输出或日志中的 audit_head")
    return audit.Head(int(number), hashed) if known else None


def doctor_command(as_json: AsJson = False) -> None:
    """Examine settings, ledger, keys, channels, sources and counts; exit code 1 when something must be mended."""

    async def work() -> list[Finding]:
        async with open_app(load_settings()) as app:
            folder = app.settings.seal.key_file.parent
            return await examine(app.ledger, app.channels, app.composing.wording.texts, app.clock, folder)

    found = run(work(), as_json=as_json)
    marks = {True: "正常", False: "需处理"}
    text = "\n".join(f"[{marks[one.is_well]}] {one.what}:{one.says}" for one in found)
    answer({"well": all(one.is_well for one in found), "findings": found}, as_json=as_json, text=text)
    if not all(one.is_well for one in found):
        raise typer.Exit(1)
