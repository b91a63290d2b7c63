"""The alert desk: what is wrong, told to those who may know."""

from functools import partial

from notifier.accounts.told import recipients
from notifier.app.opening import App
from notifier.operate.alerts import AlertDesk, attend
from notifier.schedule import Job


def alert_desk(app: App) -> AlertDesk:
    """Over everything that is open."""
    of = app.settings
    told = partial(recipients, app.ledger)
    folder, county = of.seal.key_file.parent, of.inquiries.region_code
    return AlertDesk(app.ledger, app.clock, of.alerts, app.send_now, told, folder, county)


def alert_job(app: App) -> Job:
    """Looking for troubles and telling of them, as often as the settings say."""
    return Job("alert", app.settings.alerts.every, partial(attend, alert_desk(app)))
