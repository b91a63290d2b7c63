"""The alert outbox: what is wrong, since when, and which texts about it were written and sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from notifier.domain.alerts import Recipient, Trouble
from notifier.domain.messages import Medium
from notifier.domain.regions import span
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import instant, stamp

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AlertLine:
    """A trouble as the ledger has it; over when `ended_at` is set."""

    alert_id: int
    trouble: Trouble
    raised_at: datetime
    told_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertLetter:
    """A text about an alert that waits to be sent, and to whom; the address is looked up when it is."""

    letter_id: int
    name: str
    medium: Medium
    title: str
    region_code: str


@dataclass(frozen=True, slots=True)
class PausedCampaign:
    """A campaign that a provider's answer paused; `region_code` None means the whole county."""

    campaign_id: int
    title: str
    why: str
    region_code: str | None


async def paused_campaigns(ledger: Ledger) -> Sequence[PausedCampaign]:
    """The campaigns that a provider's answer paused, by number."""
    sql = text(
        "SELECT id AS campaign_id, title, paused_why AS why, region_code FROM campaign "
        "WHERE state = 'paused' AND paused_why IS NOT NULL ORDER BY id"
    )
    async with ledger.reading() as c:
        return [PausedCampaign(**dict(row._mapping)) for row in await c.execute(sql)]


async def keep_up(ledger: Ledger, troubles: Sequence[Trouble], now: datetime) -> int:
    """Each trouble has one open alert, and alerts whose trouble is gone are over; how many are new. Safe to repeat."""
    by_subject = {one.subject: one for one in troubles}
    async with ledger.writing() as c:
        await take_ids(c, "alert", 0)
        rows = (await c.execute(text("SELECT id, subject FROM alert WHERE ended_at IS NULL"))).all()
        over = [row.id for row in rows if row.subject not in by_subject]
        if over:
            await c.execute(
                text(f"UPDATE alert SET ended_at = :now WHERE {ledger.among('id', 'ids')}"),
                {"now": stamp(now), "ids": ledger.listed(over)},
            )
        new = [one for subject, one in by_subject.items() if subject not in {row.subject for row in rows}]
        ids = await take_ids(c, "alert", len(new))
        if new:
            await c.execute(
                text(
                    "INSERT INTO alert (id, subject, title, says, region_code, raised_at) "
                    "VALUES (:id, :subject, :title, :says, :region, :now)"
                ),
                [
                    {
                        "id": alert_id,
                        "subject": one.subject,
                        "title": one.title,
                        "says": one.says,
                        "region": one.region_code,
                        "now": stamp(now),
                    }
                    for alert_id, one in zip(ids, new, strict=True)
                ],
            )
    return len(new)


async def alerts_to_tell(ledger: Ledger, again_before: datetime) -> Sequence[AlertLine]:
    """Open alerts that nobody was told of, or not since then, the oldest first."""
    sql = text("SELECT * FROM alert WHERE ended_at IS NULL AND (told_at IS NULL OR told_at <= :before) ORDER BY id")
    async with ledger.reading() as c:
        return [_line(row) for row in await c.execute(sql, {"before": stamp(again_before)})]


async def list_alerts(ledger: Ledger, region_code: str, most: int) -> Sequence[AlertLine]:
    """The alerts of a region and inside it: those that go on first, then the latest that are over."""
    first, last = span(region_code)
    sql = text(
        "SELECT * FROM alert WHERE region_code BETWEEN :first AND :last "
        "ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, raised_at DESC, id DESC LIMIT :most"
    )
    async with ledger.reading() as c:
        return [_line(row) for row in await c.execute(sql, {"first": first, "last": last, "most": most})]


async def write_letters(
    ledger: Ledger, alert_id: int, recipients: Collection[Recipient], now: datetime, most_a_day: int
) -> int:
    """The alert counts as told now, with a letter ready for each who had fewer than `most_a_day` today; how many."""
    async with ledger.writing() as c:
        await c.execute(text("UPDATE alert SET told_at = :now WHERE id = :id"), {"now": stamp(now), "id": alert_id})
        rows = await c.execute(
            text("SELECT name, COUNT(*) AS n FROM alert_letter WHERE sent_at > :since GROUP BY name"),
            {"since": stamp(now - _DAY)},
        )
        n_sent = {row.name: row.n for row in rows}
        told = [one for one in recipients if n_sent.get(one.name, 0) < most_a_day]
        ids = await take_ids(c, "alert_letter", len(told))
        if told:
            await c.execute(
                text(
                    "INSERT INTO alert_letter (id, alert_id, name, medium, state, code) "
                    "VALUES (:id, :alert, :name, :medium, 'ready', '')"
                ),
                [
                    {"id": letter_id, "alert": alert_id, "name": one.name, "medium": one.medium.value}
                    for letter_id, one in zip(ids, told, strict=True)
                ],
            )
    return len(told)


async def take_letter(ledger: Ledger, now: datetime) -> AlertLetter | None:
    """The oldest ready letter, which nobody else takes and which a crash from now on leaves unsent; None: no more."""
    async with ledger.writing() as c:
        row = (
            await c.execute(
                text(
                    "UPDATE alert_letter SET state = 'sending', sent_at = :now WHERE id = "
                    "(SELECT MIN(id) FROM alert_letter WHERE state = 'ready') AND state = 'ready' "
                    "RETURNING id, alert_id, name, medium"
                ),
                {"now": stamp(now)},
            )
        ).first()
        if row is None:
            return None
        about = await c.execute(text("SELECT title, region_code FROM alert WHERE id = :id"), {"id": row.alert_id})
        alert = about.one()
        return AlertLetter(row.id, row.name, Medium(row.medium), alert.title, alert.region_code)


async def end_letter(ledger: Ledger, letter_id: int, state: str, code: str) -> None:
    """What became of the letter: accepted, refused, unsure, or ready again."""
    async with ledger.writing() as c:
        await c.execute(
            text("UPDATE alert_letter SET state = :state, code = :code WHERE id = :id"),
            {"state": state, "code": code, "id": letter_id},
        )


async def forget_alerts(ledger: Ledger, before: datetime) -> int:
    """Alerts that were over then are gone with their letters; how many. Safe to repeat."""
    async with ledger.writing() as c:
        old = "SELECT id FROM alert WHERE ended_at < :before"
        await c.execute(text(f"DELETE FROM alert_letter WHERE alert_id IN ({old})"), {"before": stamp(before)})
        gone = await c.execute(text("DELETE FROM alert WHERE ended_at < :before"), {"before": stamp(before)})
        return gone.rowcount


def _line(row: Any) -> AlertLine:
    return AlertLine(
        alert_id=row.id,
        trouble=Trouble(row.subject, row.title, row.says, row.region_code),
        raised_at=instant(row.raised_at),
        told_at=None if row.told_at is None else instant(row.told_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
    )
