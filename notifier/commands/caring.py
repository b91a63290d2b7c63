"""Users, keys, the audit trail, and the doctor."""

from typing import Annotated, Any

import typer

from notifier.accounts.desk import add_user
from notifier.accounts.roles import Role, User
from notifier.app import open_app, open_ledger_at
from notifier.commands.answering import AsJson, Bar, answer, bar, run
from notifier.domain.errors import InputError
from notifier.operate.doctor import Finding, examine
from notifier.schedule import SystemClock
from notifier.settings import load_settings
from notifier.store import audit
from notifier.store.rotation import is_rotated, rotate_seals
from notifier.store.sealing import add_key

user = typer.Typer(no_args_is_help=True, help="People who work here.")
keys = typer.Typer(no_args_is_help=True, help="The keys of sealed personal data.")
trail = typer.Typer(no_args_is_help=True, help="The audit trail.")


@user.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="2-32 characters")],
    role: Annotated[str, typer.Option(help="administrator, reviewer, officer, official, auditor or operator")],
    region: Annotated[str, typer.Option(help="12-digit code; they see nothing outside it")] = "640425000000",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, envvar="NOTIFIER_NEW_PASSWORD")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a user; the password is asked for, or taken from NOTIFIER_NEW_PASSWORD."""

    async def work() -> dict[str, str]:
        if role not in [one.value for one in Role]:
            raise InputError(f"没有 {role} 这个角色;可用:{'、'.join(one.value for one in Role)}")
        clock = SystemClock()
        async with open_ledger_at(load_settings()) as ledger:
            await add_user(ledger, User(name=name, role=Role(role), region_code=region), password, clock.now())
        return {"user": name, "role": role, "region": region}

    answer(run(work(), as_json=as_json), as_json=as_json)


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
def trail_verify(as_json: AsJson = False) -> None:
    """Check the hash chain; exit code 1 and the places where it was tampered with."""

    async def work() -> list[Any]:
        async with open_ledger_at(load_settings()) as ledger:
            return list(await audit.verify(ledger))

    breaks = run(work(), as_json=as_json)
    answer({"whole": not breaks, "breaks": breaks}, as_json=as_json)
    if breaks:
        raise typer.Exit(1)


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
