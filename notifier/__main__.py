"""The command line: `notifier …` or `python -m notifier …`."""

import typer

from notifier.commands import (
    caring,
    filing,
    following,
    importing,
    inquiring,
    policies,
    proving,
    registering,
    ruling,
    running,
    sharing,
    sourcing,
    staffing,
    telling,
    visiting,
    worklist,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="惠农通知: tell every farm household what it is owed, and prove it.",
)
database = typer.Typer(no_args_is_help=True, help="The ledger's schema.")
database.command("upgrade")(running.upgrade_command)

app.command("serve")(running.serve_command)
app.command("once")(running.once_command)
app.command("sandbox")(running.sandbox_command)
app.command("doctor")(caring.doctor_command)
app.command("report")(telling.report_command)
app.command("proof")(proving.proof_command)
app.add_typer(sharing.commands, name="gateways")
importing.commands.command("disclosure")(policies.disclosure_command)
app.add_typer(importing.commands, name="import")
app.add_typer(following.commands, name="wechat")
app.add_typer(telling.campaign, name="campaign")
app.add_typer(filing.filing, name="filing")
app.add_typer(policies.policy, name="policy")
app.add_typer(ruling.commands, name="rule")
app.add_typer(sourcing.source, name="source")
app.add_typer(visiting.commands, name="visit")
telling.unmatched.command("export")(worklist.export_command)
telling.unmatched.command("import")(worklist.import_command)
app.add_typer(telling.unmatched, name="unmatched")
app.add_typer(inquiring.inquiry, name="inquiry")
app.add_typer(registering.household, name="household")
app.add_typer(staffing.user, name="user")
app.add_typer(staffing.key, name="key")
app.add_typer(caring.keys, name="keys")
app.add_typer(caring.trail, name="audit")
app.add_typer(database, name="db")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
