"""What became of every household of a campaign: what the ledger says, and what the handsets' own record says."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from notifier.domain.messages import Medium
from notifier.sandbox import handsets
from notifier.store import tally
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.proof import HandsetRecord, Proof, prove
from notifier.store.sealing import Vault, load_keys
from scripts.benchmarks import county
from scripts.benchmarks.trials import SUBSCRIPTION_TEMPLATE, Ground, Trial

_RECORDS_A_BATCH = 1_000
_STANDING = (
    "SELECT (SELECT COUNT(*) FROM owed) AS n_owed, (SELECT COUNT(*) FROM owed WHERE state = 'pending') AS n_pending, "
    "(SELECT COUNT(*) FROM unsure_attempt) + (SELECT COUNT(*) FROM attempt WHERE state <> 'settled') AS n_unsure, "
    "(SELECT COUNT(*) FROM campaign WHERE state = 'finished') AS n_finished, "
    "(SELECT COUNT(*) FROM campaign WHERE state = 'paused') AS n_paused"
)
_HOUSEHOLDS = (
    "SELECT o.household_id, o.state, m.state AS message, coalesce(m.reason, '') AS why, "
    "CASE WHEN EXISTS (SELECT 1 FROM visit v WHERE v.owed_id = o.id AND v.state = 'open') THEN 1 ELSE 0 END AS listed "
    "FROM owed o LEFT JOIN message m ON m.owed_id = o.id"
)
_CONSENT = "INSERT INTO subscription (address_hash, template, accepts, at) VALUES (:hash, :template, 1, 0)"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the ledger's one campaign is."""

    n_owed: int
    n_pending: int
    n_unsure: int
    n_finished: int
    n_paused: int


@dataclass(frozen=True, slots=True)
class Fates:
    """Households of the campaign, and letters on handsets. Nothing is lost when all from `n_lost` on are zero."""

    n_on_handsets: int
    n_reached: int
    n_unreached: int
    n_unsettled: int
    """Nobody knows whether their letter arrived."""
    n_unsettled_arrived: int
    """Of these, how many handsets have it; only the sandbox can know."""
    n_lost: int
    """No handset has it, and no officer is sent because nobody knows."""
    n_duplicates: int
    """Letters beyond the first on one handset, or on a handset of nobody."""
    n_claimed: int
    """The ledger says that a gateway took it, and no handset has it."""
    n_unlisted: int
    """Unsettled or unreached, and on no officer's list."""
    n_pending: int
    n_tally_differences: int
    n_unproved: int
    """What `notifier proof` does not account for; 0 where the record has no key of ours."""


@asynccontextmanager
async def _open(ground: Ground) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(ground.ledger_url, Vault(load_keys(ground.key_file)))
    try:
        yield ledger
    finally:
        await ledger.close()


async def prepare(trial: Trial, ground: Ground, n_households: int) -> None:
    """The households live in the county and the campaign waits for its launch."""
    await county.settle_in(ground.ledger_url, ground.key_file, n_households, trial.contact)
    async with _open(ground) as ledger:
        if trial.name == "wechat":  # template messages are for payment results only
            await county.approve_a_disbursement(ledger, n_households)
            return
        await county.approve_a_policy(ledger, 1, "微信优先" if trial.name == "subscription" else "短信必达")
        if trial.name == "subscription":
            addresses = (county.address_of(trial.contact, n) for n in range(1, n_households + 1))
            rows = [{"hash": ledger.vault.blind("openid", a), "template": SUBSCRIPTION_TEMPLATE} for a in addresses]
            async with ledger.writing() as c:
                await c.execute(text(_CONSENT), rows)


async def standing(ground: Ground) -> Standing:
    """Now."""
    async with _open(ground) as ledger, ledger.reading() as c:
        return Standing(*(int(n) for n in (await c.execute(text(_STANDING))).one()))


async def fates(trial: Trial, ground: Ground, record: Path, n_households: int) -> Fates:
    """Of every household; let the service come to rest first."""
    arrived, n_strangers = _arrived(trial, record, n_households)
    async with _open(ground) as ledger:
        async with ledger.reading() as c:
            rows = (await c.execute(text(_HOUSEHOLDS))).mappings().all()
        differences = await tally.check(ledger)
        proof = await prove(ledger, _batches(record)) if trial.has_key else Proof()
    homes = {int(row["household_id"]): _home(dict(row)) for row in rows}
    unsettled = {n for n, home in homes.items() if home.is_unsettled}
    return Fates(
        n_on_handsets=arrived.total() + n_strangers,
        n_reached=sum(home.state == "reached" for home in homes.values()),
        n_unreached=sum(home.state == "unreached" for home in homes.values()),
        n_unsettled=len(unsettled),
        n_unsettled_arrived=len(unsettled & arrived.keys()),
        n_lost=sum(not arrived[n] and n not in unsettled for n in range(1, n_households + 1)),
        n_duplicates=sum(n - 1 for n in arrived.values()) + n_strangers,
        n_claimed=sum(home.is_taken and not arrived[n] for n, home in homes.items()),
        n_unlisted=sum(home.is_missed and not home.is_listed for home in homes.values()),
        n_pending=sum(home.state == "pending" for home in homes.values()),
        n_tally_differences=len(differences),
        n_unproved=_unproved(proof),
    )


@dataclass(frozen=True, slots=True)
class _Home:
    state: str
    is_unsettled: bool
    is_taken: bool
    is_missed: bool
    is_listed: bool


def _home(row: Mapping[str, Any]) -> _Home:
    is_unsettled = row["message"] == "unsure" or (row["message"] == "silent" and row["why"] == "unsettled")
    return _Home(
        state=row["state"],
        is_unsettled=is_unsettled,
        is_taken=row["state"] == "reached" or (row["message"] in ("accepted", "silent") and not is_unsettled),
        is_missed=row["state"] == "unreached" or is_unsettled,
        is_listed=bool(row["listed"]),
    )


def _arrived(trial: Trial, record: Path, n_households: int) -> tuple[Counter[int], int]:
    """Letters by household, and letters that nobody in the county should have."""
    home_of = {county.address_of(trial.contact, n): n for n in range(1, n_households + 1)}
    arrived: Counter[int] = Counter()
    n_strangers = 0
    for one in handsets.iterate(record):
        if (home := home_of.get(one.address)) is None:
            n_strangers += 1
        else:
            arrived[home] += 1
    return arrived, n_strangers


def _batches(record: Path) -> Iterator[list[HandsetRecord]]:
    batch = []
    for one in handsets.iterate(record):
        batch.append(HandsetRecord(Medium(one.channel), one.sender_key, one.address))
        if len(batch) == _RECORDS_A_BATCH:
            yield batch
            batch = []
    yield batch


def _unproved(proof: Proof) -> int:
    return (
        proof.n_duplicates + proof.n_unknown + proof.n_called_not_sent + abs(proof.n_phantoms)
        + proof.n_lost_owed + proof.n_unproved_owed
    )  # fmt: skip
