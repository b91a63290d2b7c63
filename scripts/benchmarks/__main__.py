"""`scripts/bench NAME`: which benchmarks there are, and how each is called."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.benchmarks import broadcast, brownout, chaos, match, pages, payments, roster_import, understanding
from scripts.benchmarks.databases import KINDS
from scripts.benchmarks.share_picture import svg
from scripts.benchmarks.trials import TRIALS
from scripts.benchmarks.two_years import Size

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object instead of a table")]
OnlyOn = Annotated[list[str] | None, typer.Option(help="sqlite or postgres; both without")]


@app.command("list")
def list_command() -> None:
    """Say what there is."""
    for command in app.registered_commands:
        assert command.callback is not None
        print(f"{command.name:10} {(command.callback.__doc__ or '').splitlines()[0]}")


@app.command("broadcast")
def broadcast_command(
    households: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many are told")] = 100_000,
    database: OnlyOn = None,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="how often each contestant runs, in turns")] = 1,
    as_json: AsJson = False,
) -> None:
    """A policy from its launch until every SMS is accepted and recorded, beside a bare loop."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        runs = broadcast.run(_chosen(database), households, rounds, Path(folder))
    _say([one.as_json() for one in runs], broadcast.table(runs), as_json)
    if not all(one.is_right for one in runs):
        sys.exit("the stand-in's record and the ledger do not agree")


@app.command("brownout")
def brownout_command(
    out: Annotated[Path | None, typer.Option(help="where the picture is written, an SVG; none without")] = None,
    database: Annotated[str, typer.Option(help="sqlite or postgres")] = "sqlite",
    as_json: AsJson = False,
) -> None:
    """One of two SMS gateways turns slow, then bad, then well: its share over time, as a table and a picture."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = brownout.run(_chosen([database])[0], Path(folder))
    _say([found.as_json()], brownout.table(found), as_json)
    if out is not None:
        out.write_text(svg(found), encoding="utf-8")
    if not found.is_right:
        sys.exit("somebody was told twice or never, or the share did not come back")


@app.command("import")
def import_command(
    rows: Annotated[int, typer.Option(min=1000, max=2_000_000, help="rows of the rosters, about")] = 200_000,
    database: OnlyOn = None,
    as_json: AsJson = False,
) -> None:
    """A county's rosters into the registry, with peak memory."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        runs = roster_import.run(_chosen(database), rows, Path(folder))
    _say([one.as_json() for one in runs], roster_import.table(runs), as_json)


@app.command("match")
def match_command(
    households: Annotated[int, typer.Option(min=1000, max=5_000_000, help="how many are registered")] = 1_000_000,
    database: OnlyOn = None,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="how often each contestant runs, in turns")] = 3,
    as_json: AsJson = False,
) -> None:
    """A rule plans a county's owed rows, beside the bare INSERT … SELECT of the same rows."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        runs = match.run(_chosen(database), households, rounds, Path(folder))
    _say([one.as_json() for one in runs], match.table(runs), as_json)
    if not all(one.is_right for one in runs):
        sys.exit("the rows or counts differ, or planning took more than twice the bare statement")


@app.command("pages")
def pages_command(
    households: Annotated[int, typer.Option(min=1000, max=1_000_000, help="how many are registered")] = 70_000,
    campaigns: Annotated[int, typer.Option(min=4, max=300, help="how many campaigns in two years")] = 60,
    database: OnlyOn = None,
    as_json: AsJson = False,
) -> None:
    """Every page of a county after two years, as its administrator, a clerk and an officer: within 200 ms."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        runs = pages.run(_chosen(database), Size(households, campaigns), Path(folder))
    _say([one.as_json() for one in runs], pages.table(runs), as_json)
    if any(one.slow or one.unanswered for one in runs):
        sys.exit("a page was slow, or nobody was shown it")


@app.command("payments")
def payments_command(
    lines: Annotated[int, typer.Option(min=1000, max=2_000_000, help="payment lines, about")] = 200_000,
    database: OnlyOn = None,
    as_json: AsJson = False,
) -> None:
    """A county's payment lists read, matched and planned, with peak memory of us and of the workbook reader."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        runs = payments.run(_chosen(database), lines, Path(folder))
    _say([one.as_json() for one in runs], payments.table(runs), as_json)
    if not all(one.is_right for one in runs):
        sys.exit("lines were lost between reading and matching")


@app.command("chaos")
def chaos_command(
    kills: Annotated[int, typer.Option(min=0, max=10_000, help="how often the service is killed")] = 200,
    households: Annotated[int, typer.Option(min=100, max=1_000_000, help="how many are told")] = 20_000,
    gateway: Annotated[list[str] | None, typer.Option(help=f"{', '.join(TRIALS)}; all without")] = None,
    database: OnlyOn = None,
    as_json: AsJson = False,
) -> None:
    """A campaign through gateways that misbehave, by a service killed again and again; on SQLite without --database."""
    if stray := set(gateway or ()) - set(TRIALS):
        raise typer.BadParameter(f"{', '.join(sorted(stray))}: it must be one of {', '.join(TRIALS)}")
    terms = chaos.Terms(households, kills)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        runs = list(chaos.run(gateway or list(TRIALS), _chosen(database or ["sqlite"]), terms, Path(folder)))
    _say([one.as_json() for one in runs], chaos.table(runs), as_json)
    if not all(one.is_right for one in runs):
        sys.exit("somebody was lost or told twice, or something stayed unsettled that can be asked about")


def _chosen(databases: list[str] | None) -> list[str]:
    if stray := set(databases or ()) - set(KINDS):
        raise typer.BadParameter(f"{', '.join(sorted(stray))}: it must be one of {', '.join(KINDS)}")
    return databases or list(KINDS)


@app.command("understanding")
def understanding_command(as_json: AsJson = False) -> None:
    """Notices of the tests read: precision and recall of topic, groups, amounts, rule …, and what was read wrong."""
    found = understanding.run()
    _say([one.as_json() for one in found], understanding.table(found), as_json)


def _say(found: list[dict[str, Any]], table: str, as_json: bool) -> None:
    print(json.dumps(found, ensure_ascii=False) if as_json else table)


if __name__ == "__main__":
    app()
