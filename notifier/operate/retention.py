"""What is kept for a number of days only."""

from datetime import datetime, timedelta

from notifier.domain.settings import Registry, Track
from notifier.domain.watch import Watch
from notifier.store.alerts import forget_alerts
from notifier.store.codes import forget_codes
from notifier.store.consent import purge_consent
from notifier.store.departing import purge_departed
from notifier.store.direct import forget_direct
from notifier.store.forms import forget_forms
from notifier.store.hearing import forget_heard
from notifier.store.ledger import Ledger
from notifier.store.number_caps import purge_sent
from notifier.store.raw_kept import purge_pushes, purge_snapshots
from notifier.store.registry_runs import purge_rejected
from notifier.store.sessions import forget_sessions
from notifier.store.statistics import refresh_statistics
from notifier.store.tries import forget_tries
from notifier.store.uploads import purge_uploads
from notifier.store.verdicts import purge_verdicts
from notifier.store.visit_photos import purge_photos

_FORMS_KEPT = timedelta(days=7)
"""For a form on a line that comes back days later."""
_ENTERED_KEPT = timedelta(days=30)
"""For who asks where somebody was logged in, and for alerts that are over."""
_TRIES_COUNTED = timedelta(minutes=15)
_DIRECT_KEPT = timedelta(days=30)
"""For who asks whether a login code or an answer left."""


async def purge(ledger: Ledger, now: datetime, registry: Registry, track: Track, watch: Watch) -> int:
    """What is older than its days is gone; how many rows. Safe to repeat.

    Uploaders' rejected rows (P6), keys of texts that no provider repeats any more, and the consent entries of numbers
    that nobody has had for the law's five months; what numbers were sent and found to be, once nothing counts it;
    logins, codes and alerts that are over; photos of visits, and which forms were worked on; files that nobody saved,
    and the personal data of households that left; what sources showed and providers pushed, after years.
    Once a purge, the database learns how big its tables are now.
    """
    n = await purge_rejected(ledger, now, registry.rejected_days)
    n += await purge_uploads(ledger, now, registry.upload_days)
    n += await purge_departed(ledger, now, registry.departed_days)
    n += await purge_snapshots(ledger, now, timedelta(days=watch.snapshot_days), timedelta(days=watch.refused_days))
    n += await purge_pushes(ledger, now, timedelta(days=track.push_days))
    n += await forget_heard(ledger, now, timedelta(days=track.parked_days))
    n += await forget_direct(ledger, now - _DIRECT_KEPT)
    n += await purge_photos(ledger, now, timedelta(days=track.photo_days))
    n += await forget_forms(ledger, now, _FORMS_KEPT)
    n += await forget_codes(ledger, now) + await forget_sessions(ledger, now - _ENTERED_KEPT)
    n += await forget_tries(ledger, now, _TRIES_COUNTED) + await forget_alerts(ledger, now - _ENTERED_KEPT)
    n += await purge_sent(ledger, now) + await purge_verdicts(ledger, now)
    n += await purge_consent(ledger, now, timedelta(days=track.consent_days))
    await refresh_statistics(ledger)
    return n
