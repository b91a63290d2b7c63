"""What the front desk needs from the rest of the house; `app` fills it."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from notifier.accounts.codes import CodeDesk
from notifier.campaigns.drafting import DraftDesk
from notifier.campaigns.filing import FilingDesk
from notifier.campaigns.suggestions import SuggestionDesk
from notifier.domain.account_settings import Accounts
from notifier.domain.codes import Codes
from notifier.domain.contracts import Channel, Clock, Push
from notifier.domain.direct import Direct, SendNow
from notifier.domain.outcomes import Outcome, Postponed, Reason
from notifier.domain.settings import Registry, Web
from notifier.store.ledger import Ledger
from notifier.watch.pushing import PaymentPushDesk
from notifier.web.people_desks import BindingDesk, Consent, FarmerDesk, InquiryDesk, OfficialAccount, VisitDesk
from notifier.web.source_desk import SourceDesk
from notifier.web.upload_desk import UploadDesk


class CampaignDesk(Protocol):
    """Deeds on a campaign. Each raises InputError (Chinese) when the campaign's state does not allow it."""

    async def review(self, campaign_id: int, reviewer: str, *, approves: bool, remark: str | None = None) -> object:
        """The verdict is on record, and the campaign approved or returned when it was the last word."""
        ...

    async def launch(self, campaign_id: int, who: str) -> object:
        """The campaign runs; planning and sending follow."""
        ...

    async def pause(self, campaign_id: int, who: str) -> object:
        """Nothing new is handed to a gateway."""
        ...

    async def resume(self, campaign_id: int, who: str) -> object:
        """It goes on."""
        ...

    async def cancel(self, campaign_id: int, who: str) -> object:
        """What was not sent is withdrawn, for good."""
        ...

    async def permit_any_hour(self, campaign_id: int, who: str, why: str) -> object:
        """It goes before all others, whatever the hour."""
        ...

    async def retry(self, campaign_id: int, who: str, reason: Reason, why: str) -> int:
        """Who was not told for this reason, which is mended, is told again; how many."""
        ...

    async def audience(self, campaign_id: int) -> int:
        """How many households it would owe a notice today."""
        ...


async def _no_gateway(_: Direct) -> Outcome:
    return Postponed("no_gateway", timedelta(0))


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """Everything the pages, callbacks and probes use.

    `receive_push` makes a push durable before it returns (True when new). `verify_wechat_url` gives the echostr of a
    valid handshake, else None. `schema_is_current` asks the database.
    """

    ledger: Ledger
    channels: Mapping[str, Channel]
    settings: Web
    clock: Clock
    campaigns: CampaignDesk
    drafts: DraftDesk
    visits: VisitDesk
    inquiries: InquiryDesk
    filings: FilingDesk
    payments: PaymentPushDesk
    receive_push: Callable[[Push], Awaitable[bool]]
    verify_wechat_url: Callable[[Mapping[str, str]], str | None]
    schema_is_current: Callable[[], Coroutine[None, None, bool]]
    callback_secret: str = field(repr=False)
    send_now: SendNow = _no_gateway
    """One text that a person waits for; a desk without gateways sends none."""
    accounts: Accounts = field(default_factory=Accounts)
    """What people prove before they are let in."""
    registry: Registry = field(default_factory=Registry)
    """How the register is kept."""
    sources: SourceDesk | None = None
    """The watched sources; a desk without them has no page of them."""
    uploads: UploadDesk | None = None
    """Who works on files that browsers hand in; None where nobody does."""
    farmers: FarmerDesk | None = None
    """The farmers' own pages; a desk without them answers their links with 404."""
    followers: BindingDesk | None = None
    """Followers of the official account, who bind themselves."""
    account: OfficialAccount | None = None
    """The official account itself; without one its pages are not there."""
    consent: Consent | None = None
    """How followers are asked for consent to 订阅通知; None where policies do not go by WeChat."""

    @property
    def suggestions(self) -> SuggestionDesk:
        """Where suggested campaigns are accepted, edited or refused."""
        return SuggestionDesk(self.ledger, self.clock)

    @property
    def codes(self) -> Codes:
        """Codes that prove a phone, sent through `send_now`."""
        return CodeDesk(self.ledger, self.clock, self.send_now)


DESK = web.AppKey("desk", FrontDesk)
