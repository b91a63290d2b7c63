"""Refuses every connection that would leave this machine, whoever asks for it."""

import ipaddress
import sys
from typing import Any


class LeavesTheMachineError(RuntimeError):
    """A test tried to reach another machine. Not an OSError: code under test must not take it for a bad network."""


def refuse_the_world() -> None:
    """From now on, and for good, this process reaches loopback addresses and local sockets only."""
    sys.addaudithook(_guard)


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple):  # a local socket's address is a path
            _refuse_unless_loopback(address[0])
    elif event == "socket.getaddrinfo":
        _refuse_unless_loopback(arguments[0])


def _refuse_unless_loopback(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        raise LeavesTheMachineError(f"a test asked for the address of {name!r}") from None
    if not (address.is_loopback or address.is_unspecified):
        raise LeavesTheMachineError(f"a test reached out to {name!r}")
