"""Running the service, its steps one by one, the sandbox, and the ledger's schema."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from notifier.app import open_app, serve
from notifier.commands.answering import AsJson, answer, run
from notifier.domain.errors import ConfigError, InputError
from notifier.domain.settings import Log
from notifier.sandbox import server as sandbox_server
from notifier.sandbox.settings import load_settings as load_sandbox
from notifier.settings import Settings, load_settings
from notifier.store import migrate

ROLES = ("web", "worker", "clock")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def start_logging(log: Log) -> None:
    """Structured logs go to standard error from now on."""
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log.format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[log.level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    # A step that takes longer than its period is not worth a line each time.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class _Libraries(logging.Handler):
    """What libraries log of their own accord: who and how grave, never the text, which may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        if kind == asyncio.CancelledError.__name__:  # a job that a graceful stop ended
            return
        structlog.get_logger("library").log(record.levelno, "library_spoke", library=record.name, kind=kind)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set: a graceful stop."""
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    return stop


def serve_command(
    role: Annotated[
        list[str] | None, typer.Option(help="web, worker or clock; several by repeating; all without")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the service until SIGTERM or Ctrl-C; what is in the air is recorded first."""
    run(_serve(frozenset(role or ROLES), as_json), as_json=as_json)


async def _serve(roles: frozenset[str], as_json: bool) -> None:
    if stray := roles - set(ROLES):
        raise InputError(f"没有 {'、'.join(sorted(stray))} 这种角色;可用:{'、'.join(ROLES)}")
    settings = load_settings()
    start_logging(settings.log)
    async with open_app(settings) as app:

        def ready(address: str) -> None:
            answer(
                {"console": address, "roles": sorted(roles)}, as_json=as_json, text=f"控制台 {address or '(未启动)'}"
            )
            sys.stdout.flush()

        await serve(app, roles, stop_on_signals(), ready)


def once_command(
    room: Annotated[str, typer.Argument(help="watch, match, compose, dispatch, settle or track")],
    as_json: AsJson = False,
) -> None:
    """Run one room's step once, by hand; safe beside a running service."""
    answer(run(_once(room), as_json=as_json), as_json=as_json)


async def _once(room: str) -> object:
    settings = load_settings()
    start_logging(settings.log)
    async with open_app(settings) as app:
        steps = app.steps()
        if room not in steps:
            raise InputError(f"没有 {room} 这个房间;可用:{'、'.join(steps)}")
        return await steps[room]()


def sandbox_command(
    config: Annotated[Path, typer.Option(help="the sandbox's own settings")] = Path("config/sandbox.toml"),
    as_json: AsJson = False,
) -> None:
    """Run the stand-in gateways (Aliyun SMS and WeChat) until SIGTERM or Ctrl-C."""

    async def stand_in() -> None:
        def ready(address: str) -> None:
            answer({"sandbox": address}, as_json=as_json, text=f"沙箱通道 {address}")
            sys.stdout.flush()

        await sandbox_server.run(load_sandbox(config), stop_on_signals(), ready)

    run(stand_in(), as_json=as_json)


def upgrade_command(as_json: AsJson = False) -> None:
    """Bring the ledger to the newest schema; safe to repeat."""

    async def upgrade() -> dict[str, bool]:
        await migrate.upgrade(_reachable(load_settings()).ledger.url)
        return {"current": True}

    answer(run(upgrade(), as_json=as_json), as_json=as_json, text="账本结构已是最新")


def _reachable(settings: Settings) -> Settings:
    if not settings.ledger.url.startswith(("sqlite+aiosqlite:", "postgresql+asyncpg:")):
        raise ConfigError("ledger.url: must begin with sqlite+aiosqlite: or postgresql+asyncpg:")
    return settings
