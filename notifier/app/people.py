"""The desks of those who are told: a farmer's own page, and followers of the official account."""

from datetime import timedelta

from notifier.accounts.codes import CodeDesk
from notifier.app.opening import App
from notifier.domain.messages import By
from notifier.registry.binding import BindingDesk
from notifier.track.farmers import FarmerDesk
from notifier.web.people_desks import Consent


def farmer_desk(app: App) -> FarmerDesk:
    """Where the links in messages lead."""
    of = app.settings
    lasts = timedelta(days=of.web.link_days)
    return FarmerDesk(app.ledger, app.clock, of.inquiries, of.compose.hotline, lasts, of.track.reply_window)


def binding_desk(app: App) -> BindingDesk:
    """Where followers of the official account bind themselves."""
    codes = CodeDesk(app.ledger, app.clock, app.send_now)
    return BindingDesk(app.ledger, app.clock, codes, app.settings.inquiries, app.settings.compose.hotline)


def consent_to_notices(app: App) -> Consent | None:
    """How followers are asked for consent, where policies go by subscription notices."""
    text = app.dispatching.wording.texts.get("policy", {}).get("wechat")
    if text is None or text.by is not By.SUBSCRIPTION or "wechat" not in app.channels:
        return None
    return Consent(text.template, app.settings.channels.wechat.script_url)
