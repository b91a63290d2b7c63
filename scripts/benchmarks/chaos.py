"""A campaign through a gateway that misbehaves, by a service that is killed again and again: who was told how often.

Counted from the sandbox's own record of what every handset received, held against the ledger when all is at rest.
"""

import json
import random
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from notifier.domain.messages import ContactKind
from notifier.sandbox import handsets
from notifier.store.sealing import load_keys
from scripts.benchmarks import county, fates
from scripts.benchmarks.apart import run_apart, run_in_loop
from scripts.benchmarks.databases import a_ledger
from scripts.benchmarks.fates import Fates
from scripts.benchmarks.gateway import Gateway, a_gateway
from scripts.benchmarks.killing import Campaign, Kills, Worker, a_worker, kill_again_and_again
from scripts.benchmarks.trials import (
    SUBSCRIPTION_TEMPLATE,
    TRIALS,
    Ground,
    Trial,
    lay_ground,
    of_the_sandbox,
    of_the_service,
)

_PATIENCE_S = 120
"""How long nothing may move, beyond the window, before what hangs is reported as pending."""
_LOOK_S, _CALM_LOOKS = 1.0, 2
_TOLD_EVERY_S = 5.0
_HEAD = (
    "gateway", "database", "households", "kills", "sending", "on handsets", "lost", "duplicates", "unsettled",
    "reached", "visits", "seconds", "",
)  # fmt: skip
"""`sending`: kills that hit while letters were still leaving; `visits`: households that an officer must see."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run was asked for. The same seed draws the same moments."""

    n_households: int = 20_000
    n_kills: int = 200
    window: timedelta = timedelta(seconds=45)
    seed: int = 640425


@dataclass(frozen=True, slots=True)
class Survived:
    """One gateway on one database."""

    gateway: str
    database: str
    n_households: int
    is_askable: bool
    kills: Kills
    found: Fates
    seconds: float

    @property
    def is_right(self) -> bool:
        """Nobody was lost or told twice; where the gateway can be asked nothing stayed unsettled either."""
        one = self.found
        wrong = one.n_lost + one.n_duplicates + one.n_claimed + one.n_unlisted + one.n_pending
        wrong += one.n_tally_differences + one.n_unproved + (one.n_unsettled if self.is_askable else 0)
        return not wrong and one.n_reached + one.n_unreached == self.n_households

    def as_json(self) -> dict[str, Any]:
        """Every field, and whether it is right."""
        return asdict(self) | {"is_right": self.is_right}


def run(gateways: Sequence[str], databases: Sequence[str], terms: Terms, folder: Path) -> Iterator[Survived]:
    """Each gateway on each database, one after the other; files go into `folder`, progress to standard error."""
    for name in gateways:
        for kind in databases:
            (place := folder / f"{name}-{kind}").mkdir()
            with a_ledger(kind, place) as database:
                yield _survive(TRIALS[name], kind, lay_ground(place, database.url, terms.window), terms)


def _survive(trial: Trial, kind: str, ground: Ground, terms: Terms) -> Survived:
    load_keys(ground.key_file)
    run_apart(fates.prepare, trial, ground, terms.n_households)
    began = time.monotonic()
    with a_gateway(ground.folder, of_the_sandbox(trial, ground, terms.seed)) as gateway:
        if trial.name == "subscription":
            _let_all_accept(gateway, terms.n_households)
        campaign = Campaign(terms.n_households, lambda: handsets.count(gateway.record))
        draw = random.Random(f"{terms.seed} {trial.name} {kind}")
        with a_worker(of_the_service(trial, ground, gateway.address), ground.log) as worker:
            told = _Progress(f"{trial.name} on {kind}", terms, campaign.n_on_handsets).killed
            kills = kill_again_and_again(worker, campaign, terms.n_kills, draw, told)
            worker.start()
            worker.wait_until_ready()
            _come_to_rest(worker, gateway, ground)
        found = run_apart(fates.fates, trial, ground, gateway.record, terms.n_households).result
    seconds = round(time.monotonic() - began, 1)
    return Survived(trial.name, kind, terms.n_households, trial.is_askable, kills, found, seconds)


def _let_all_accept(gateway: Gateway, n_households: int) -> None:
    """The stand-in knows their consents; the ledger does already."""
    openids = [county.address_of(ContactKind.OPENID, n) for n in range(1, n_households + 1)]
    order = {"openids": openids, "template_id": SUBSCRIPTION_TEMPLATE, "push": False}
    request = urllib.request.Request(f"{gateway.address}/sandbox/consents", json.dumps(order).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _come_to_rest(worker: Worker, gateway: Gateway, ground: Ground) -> None:
    """Nothing is pending or on its way any more, or nothing has moved for long: what hangs is in the result then."""
    n_calm, last, moved_at = 0, None, time.monotonic()
    patience_s = ground.window.total_seconds() + _PATIENCE_S
    while n_calm < _CALM_LOOKS and time.monotonic() - moved_at < patience_s:
        time.sleep(_LOOK_S)
        worker.check()
        now = run_in_loop(fates.standing(ground)), _n_owed_pushes(gateway)
        moved_at = moved_at if now == last else time.monotonic()
        is_over = now[0].n_finished and not (now[0].n_pending or now[0].n_unsure or now[1])
        n_calm, last = (n_calm + 1 if is_over and now == last else 0), now


def _n_owed_pushes(gateway: Gateway) -> int:
    with urllib.request.urlopen(f"{gateway.address}/sandbox/counts", timeout=30) as answer:
        return sum(json.load(answer)["pending"].values())


class _Progress:
    """Says on standard error how far it is, and about how long it will still take."""

    def __init__(self, what: str, terms: Terms, n_on_handsets: Callable[[], int]) -> None:
        self._what = what
        self._terms = terms
        self._n_on_handsets = n_on_handsets
        self._began_s = self._told_s = time.monotonic()

    def killed(self, n: int) -> None:
        """The n-th kill is over."""
        now_s = time.monotonic()
        if now_s - self._told_s < _TOLD_EVERY_S and n < self._terms.n_kills:
            return
        self._told_s = now_s
        left_s = (now_s - self._began_s) / n * (self._terms.n_kills - n) + self._terms.window.total_seconds() + 15
        kills = f"{n} of {self._terms.n_kills} kills"
        told = f"{self._n_on_handsets():,} of {self._terms.n_households:,} on handsets"
        print(f"{self._what}: {kills}, {told}, about {left_s:.0f} s left", file=sys.stderr, flush=True)


def table(runs: Sequence[Survived]) -> str:
    """The runs for a person to read, a line each; then what must be said beside the figures."""
    rows = [_HEAD, *(_cells(one) for one in runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join([*(_line(row, widths) for row in rows), *(note for one in runs for note in _notes(one))])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    fitted[:2] = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
    return "  ".join(fitted)


def _cells(one: Survived) -> tuple[str, ...]:
    found, kills = one.found, one.kills
    counts = (
        one.n_households, kills.n_kills, kills.n_while_sending, found.n_on_handsets, found.n_lost, found.n_duplicates,
        found.n_unsettled, found.n_reached, found.n_unreached,
    )  # fmt: skip
    return (one.gateway, one.database, *(f"{n:,}" for n in counts), f"{one.seconds:.0f}", _verdict(one))


def _verdict(one: Survived) -> str:
    return "right" if one.is_right else "WRONG"


def _notes(one: Survived) -> Iterator[str]:
    found = one.found
    if found.n_unsettled and not one.is_askable:
        yield (
            f"{one.gateway}: cannot be asked; {found.n_unsettled:,} letters whose answer was lost are visits, "
            f"{found.n_unsettled_arrived:,} of them are on handsets, and none was sent again"
        )
    for name, what in _MUST_BE_NONE.items():
        if n := getattr(found, name):
            yield f"{one.gateway} on {one.database}: {n:,} {what}"


_MUST_BE_NONE = {
    "n_claimed": "claimed by the ledger and on no handset",
    "n_unlisted": "unreached and on no officer's list",
    "n_pending": "pending for good",
    "n_tally_differences": "cells of the fact table off",
    "n_unproved": "not accounted for by `notifier proof`",
}
