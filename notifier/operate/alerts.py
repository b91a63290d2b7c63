"""Telling operators: one alert for each trouble while it lasts, texted to who may know, again only after hours.

A letter is written before it is sent and never sent twice: what a crash leaves `sending` stays so.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from notifier.domain.account_settings import Alerts
from notifier.domain.alerts import Recipient, Trouble
from notifier.domain.contracts import Clock
from notifier.domain.direct import Direct, SendNow
from notifier.domain.outcomes import Accepted, Outcome, Postponed, Refused, Unsure
from notifier.operate.troubles import deep_troubles, troubles
from notifier.store.alerts import AlertLetter, alerts_to_tell, end_letter, keep_up, take_letter, write_letters
from notifier.store.audit import head
from notifier.store.ledger import Ledger

_TEXT = "alert"
_WORN_OUT = "number_cap"
"""The one delay that is the number's own: it must not hold up letters to others."""
_DEEP_EVERY = timedelta(hours=6)
_LOG = structlog.get_logger(__name__)


@dataclass(slots=True)
class AlertDesk:
    """What alerting works with. `recipients` gives who may be told of a region's troubles, and by what way."""

    ledger: Ledger
    clock: Clock
    settings: Alerts
    send_now: SendNow
    recipients: Callable[[str], Awaitable[Sequence[Recipient]]]
    folder: Path
    county: str
    deep: Sequence[Trouble] = field(default_factory=tuple)
    """What the latest deep look found; it holds until the next one."""
    deep_at: datetime | None = None


async def attend(desk: AlertDesk) -> int:
    """Alerts are as the troubles are, and who may know was told; how many texts were sent. Safe to repeat."""
    now = desk.clock.now()
    if desk.deep_at is None or now - desk.deep_at >= _DEEP_EVERY:
        desk.deep, desk.deep_at = await deep_troubles(desk.ledger, desk.county), now
        await _write_down_head(desk)
    found = await troubles(desk.ledger, desk.clock, desk.folder, desk.county)
    await keep_up(desk.ledger, [*found, *desk.deep], now)
    if not desk.settings.enabled:
        return 0
    for alert in await alerts_to_tell(desk.ledger, now - desk.settings.again_after):
        told = await desk.recipients(alert.trouble.region_code)
        if told:  # else it waits until somebody can be told
            await write_letters(desk.ledger, alert.alert_id, told, now, desk.settings.most_a_day)
    return await _send(desk)


async def _write_down_head(desk: AlertDesk) -> None:
    """The trail's head goes to the log, which is kept elsewhere: `notifier audit verify --known` compares with it."""
    if (newest := await head(desk.ledger)) is not None:
        _LOG.info("audit_head", entry=newest.entry_id, hash=newest.hash)


async def _send(desk: AlertDesk) -> int:
    n_sent = 0
    while (letter := await take_letter(desk.ledger, desk.clock.now())) is not None:
        address = await _address(desk, letter)
        if address is None:
            await end_letter(desk.ledger, letter.letter_id, "refused", "no_address")
            continue
        outcome = await desk.send_now(Direct(address, _TEXT, {"title": letter.title}, medium=letter.medium))
        state, code = _became(outcome)
        await end_letter(desk.ledger, letter.letter_id, state, code)
        if state == "ready":  # the gateways have no room now; the next run goes on
            break
        n_sent += state != "refused"
    return n_sent


async def _address(desk: AlertDesk, letter: AlertLetter) -> str | None:
    """Where they may be told now; None when they have no such way any more, or not for this region."""
    told = await desk.recipients(letter.region_code)
    return next((one.address for one in told if (one.name, one.medium) == (letter.name, letter.medium)), None)


def _became(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Accepted():
            return "accepted", ""
        case Unsure():
            return "unsure", outcome.code
        case Postponed() if outcome.code != _WORN_OUT:
            return "ready", outcome.code
        case Postponed() | Refused():
            return "refused", outcome.code
