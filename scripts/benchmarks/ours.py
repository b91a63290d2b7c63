"""Our contestant: the service's own rooms, from a campaign's launch until everything is accepted and recorded."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from notifier.app import App, open_app
from notifier.compose import step as composing
from notifier.domain import settings
from notifier.settings import Settings
from notifier.store import dispatching, planning, recording, tally
from scripts.benchmarks.county import approve_a_policy
from scripts.benchmarks.parts import Parts


@dataclass(frozen=True, slots=True)
class Told:
    """What a run took and what the ledger says afterwards. `calls` is the letters accepted by out_id."""

    seconds: float
    parts: dict[str, float]
    n_owed: int
    n_accepted: int
    n_tally_differences: int
    calls: dict[str, int]


async def tell(url: str, key_file: Path, endpoint: str, campaign_id: int) -> Told:
    """The campaign is launched, planned, composed and handed to the gateway; the ledger must hold its households."""
    async with open_app(_settings(url, key_file, endpoint)) as app:
        await approve_a_policy(app.ledger, campaign_id)
        parts = Parts()
        _watch(parts, app)
        began = time.perf_counter()
        await app.campaigns.launch(campaign_id, "bench")
        await planning.plan_due(app.ledger, app.clock)
        await composing.step(app.composing)
        await app.steps()["dispatch"]()
        seconds = time.perf_counter() - began
        with parts.during("after"):
            return await _told(app, campaign_id, seconds, parts)


def _settings(url: str, key_file: Path, endpoint: str) -> Settings:
    """The shipped settings, never quiet, with the stand-in for a gateway."""
    gateway = settings.AliyunSms(
        enabled=True,
        endpoint=endpoint,
        access_key_id="SandboxKey640425",
        access_key_secret=SecretStr("sandbox-dummy-secret"),
        sign_name="彭阳惠农",
        calls_per_second=5000,
    )
    never = {"quiet_from": "08:00", "quiet_until": "08:00"}
    return Settings(
        ledger=settings.Ledger(url=url),
        seal=settings.Seal(key_file=key_file),
        dispatch=settings.Dispatch.model_validate(never),
        channels=settings.Channels(aliyun_sms=gateway),
    )


def _watch(parts: Parts, app: App) -> None:
    parts.watch(planning, "plan_due", "plan")
    parts.watch(composing, "step", "compose")
    parts.watch(dispatching, "claim", "claim+load")
    parts.watch(dispatching, "write_ahead", "write-ahead")
    parts.watch(recording, "record", "record")
    parts.watch(dispatching, "let_go", "record")
    parts.watch(app.channels["aliyun_sms"], "send", "HTTP")


async def _told(app: App, campaign_id: int, seconds: float, parts: Parts) -> Told:
    spent = {part: s for part, s in parts.seconds.items() if part != "after"}
    asked = {"campaign": campaign_id}
    accepted = "SELECT COUNT(*) FROM message WHERE campaign_id = :campaign AND state = 'accepted'"
    calls = (
        "SELECT a.out_id, a.message_ids FROM attempt a JOIN chunk k ON k.id = a.chunk_id "
        "WHERE k.campaign_id = :campaign AND a.state = 'settled' AND a.outcome = 'accepted'"
    )
    async with app.ledger.reading() as c:
        owed = await c.scalar(text("SELECT COUNT(*) FROM owed WHERE campaign_id = :campaign"), asked)
        n_accepted = await c.scalar(text(accepted), asked)
        letters = {row.out_id: len(json.loads(row.message_ids)) for row in await c.execute(text(calls), asked)}
    differences = await tally.check(app.ledger)
    return Told(seconds, spent, int(owed), int(n_accepted), len(differences), letters)
