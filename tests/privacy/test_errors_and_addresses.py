"""An error that quotes a person is told without its words, and no address or label has room for one."""

import json
import logging
import re
import sys

import pytest
import structlog
import typer

from notifier.commands.answering import run
from notifier.commands.running import start_logging
from notifier.domain.settings import Log
from notifier.sandbox.county.numbers import phone_number, stranger_id
from notifier.web.application import ROUTES

NAME, PHONE, NUMBER = "样例甲乙", phone_number(11), stranger_id(11)
SAID = f"{NAME} {PHONE} {NUMBER}"


ALLOWED = {
    "campaign",
    "code",
    "colleague",
    "deed",
    "contact",
    "upload",
    "gateway",
    "household",
    "inquiry",
    "key",
    "login",
    "mark",
    "payment",
    "project",
    "source",
    "secret",
    "visit",
    "screen",
}
"""Variables of addresses: numbers of ours, deeds, marks that stand for somebody, and the callback secret."""


async def _choke() -> None:
    raise ValueError(f"cannot read {SAID}")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_command_that_chokes_tells_kind_and_place_only(capfd: pytest.CaptureFixture[str], as_json: bool) -> None:
    with pytest.raises(typer.Exit) as ended:
        run(_choke(), as_json=as_json)
    told = "".join(capfd.readouterr())
    assert ended.value.exit_code == 1
    assert "ValueError" in told
    assert "test_errors_and_addresses.py" in told
    assert not any(one in told for one in SAID.split())
    if as_json:
        assert "error" in json.loads(told.splitlines()[0])


def test_what_libraries_log_is_kept_without_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        start_logging(Log(level="debug"))
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        try:
            raise KeyError(SAID)
        except KeyError:
            logging.getLogger("aiohttp.server").exception("Error handling request %s", SAID)
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
    told = "".join(capfd.readouterr())
    assert '"library": "aiohttp.server"' in told
    assert '"kind": "KeyError"' in told
    assert not any(one in told for one in SAID.split())


def test_the_addresses_have_room_for_numbers_of_ours_and_the_callback_secret_only() -> None:
    variables = {
        found
        for routes in ROUTES
        for route in routes
        for found in re.findall(r"\{(\w+)(?::([^}]*(?:\{[^}]*\})?[^}]*))?\}", route.path)
    }
    assert {name for name, _ in variables} <= ALLOWED
    assert all(pattern for name, pattern in variables if name not in ("gateway", "secret"))
