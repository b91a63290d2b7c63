"""The gateways' shares: what they are, why they moved, and what they are at rest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from notifier.app import App, open_app
from notifier.commands.answering import AsJson, answer, run
from notifier.dispatch.known_operators import OperatorsRead, import_operators
from notifier.dispatch.routes import set_rest
from notifier.dispatch.routes import states as states_of
from notifier.domain.errors import InputError
from notifier.domain.gateway_state import GatewayState, in_one_line
from notifier.settings import load_settings
from notifier.store.gateways import PastChange, history

commands = typer.Typer(help="The gateways' shares and circuits.", invoke_without_command=True)


@dataclass(frozen=True, slots=True)
class Shown:
    """The gateways now, and what changed last, the newest first."""

    gateways: list[GatewayState]
    changes: list[PastChange]

    def text(self) -> str:
        """For a terminal."""
        lines = [in_one_line(self.gateways) or "没有启用的通道"]
        for one in self.changes:
            who = f"({one.by_user})" if one.by_user else ""
            lines.append(f"{one.at:%Y-%m-%d %H:%M:%S}Z  {one.gateway:12} {one.share:3}%  {one.why}{who}")
        return "\n".join(lines)


@commands.callback()
def gateways_command(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=0, max=1000, help="how many of the last changes")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show shares, open circuits and the last changes with their reasons."""
    if context.invoked_subcommand is None:

        async def work() -> Shown:
            async with open_app(load_settings()) as app:
                return await shown(app, most)

        found = run(work(), as_json=as_json)
        answer(found, as_json=as_json, text=found.text)


@commands.command("rest")
def rest_command(
    shares: Annotated[list[str], typer.Argument(help="GATEWAY=PARTS for every gateway of a medium")],
    by: Annotated[str, typer.Option(help="who decides it; kept in the history")],
    as_json: AsJson = False,
) -> None:
    """Set what the gateways of a medium get while all is well, e.g. aliyun_sms=60 tencent_sms=40."""

    async def work() -> Shown:
        async with open_app(load_settings()) as app:
            await set_rest(app.dispatching.ways, read_parts(shares), app.clock.now(), by)
            return await shown(app, len(shares))

    found = run(work(), as_json=as_json)
    answer(found, as_json=as_json, text=found.text)


@commands.command("operators")
def operators_command(
    file: Annotated[Path, typer.Argument(help="a .csv with the columns 手机号 and 运营商")], as_json: AsJson = False
) -> None:
    """Take in whose network numbers are on (携号转网): it counts more than their prefix when a gateway is chosen."""

    async def work() -> OperatorsRead:
        async with open_app(load_settings()) as app:
            return await import_operators(app.ledger, file, app.clock.now())

    found = run(work(), as_json=as_json)
    told = "\n".join([f"已记下 {found.n_known} 个号码的运营商", *found.problems])
    answer(found, as_json=as_json, text=lambda: told)


async def shown(app: App, most: int) -> Shown:
    """What `notifier gateways` shows."""
    return Shown(await states_of(app.dispatching.ways), await history(app.ledger, most))


def read_parts(texts: list[str]) -> dict[str, int]:
    """GATEWAY=PARTS, each once. Raises InputError saying which is wrong."""
    parts: dict[str, int] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        if not equals or not number.isdecimal() or not number.isascii() or len(number) > len("1000"):
            raise InputError(f"“{text}”应写成 通道=份额,例如 aliyun_sms=60;份额是不超过 4 位的非负整数")
        if name in parts:
            raise InputError(f"{name} 写了两次;每个通道只写一次")
        parts[name] = int(number)
    return parts
