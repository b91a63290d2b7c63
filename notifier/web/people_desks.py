"""What the pages of village officers, farmers and followers need from the rest of the house; `app` fills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from notifier.domain.outcomes import Reason
from notifier.inquiries.answering import Given
from notifier.registry.binding import Mine
from notifier.store.visits import Report
from notifier.track.farmers import OwnPage


class VisitDesk(Protocol):
    """Deeds on a visit. Each raises InputError (Chinese) when the visit's state does not allow it.

    Those that take a report give False for a form that came before, and do nothing then.
    """

    async def sign(self, visit_ids: Sequence[int], report: Report) -> bool:
        """The household was told in person what those visits are for: reached, acknowledged."""
        ...

    async def ask_excuse(self, visit_id: int, excuse: Reason, report: Report) -> bool:
        """Nobody is there to be told, says one person; a second one must confirm."""
        ...

    async def note_absence(self, visit_id: int, found: Reason, report: Report) -> bool:
        """Nobody was met; the visit stays open."""
        ...

    async def confirm_excuse(self, visit_id: int, by: str) -> None:
        """A second person agrees: excused. Raises InputError for the one who asked."""
        ...

    async def decline_excuse(self, visit_id: int, by: str) -> None:
        """Somebody does not agree: the visit waits again."""
        ...

    async def correct_number(self, household_id: int, person_id: int, written: str, by: str) -> None:
        """The person's number is the written one, and what they wait for is sent to it by itself."""
        ...


class InquiryDesk(Protocol):
    """Deeds on an inquiry. Each raises InputError (Chinese) when the inquiry's state does not allow it."""

    async def add(self, given: Given, by: str) -> int | None:
        """An inquiry that somebody brought is open; its number, None for a form that came before."""
        ...

    async def answer(self, inquiry_id: int, by: str, words: str, once: str | None = None) -> str:
        """The answer is on record: sent, pending (to be told otherwise), unsure; or repeated, the form came before."""
        ...

    async def close(self, inquiry_id: int, by: str, remark: str = "") -> None:
        """Settled; without an answer only with a remark."""
        ...

    async def reopen(self, inquiry_id: int, by: str, remark: str = "") -> None:
        """Not settled after all."""
        ...

    async def assign(self, inquiry_id: int, by: str, region_code: str) -> None:
        """Another region answers for it."""
        ...

    async def number_of(self, inquiry_id: int, by: str) -> str | None:
        """The phone to call back, in clear and audited; None where none was left."""
        ...


class FarmerDesk(Protocol):
    """A farmer's own page. Each method gives None for a link that was never made.

    Raises InputError (Chinese) for a link that has expired, and for what cannot be done.
    """

    @property
    def hotline(self) -> str:
        """Where to ask."""
        ...

    async def open(self, code: str) -> OwnPage | None:
        """The page of a link."""
        ...

    async def acknowledge(self, code: str) -> bool | None:
        """我已知晓."""
        ...

    async def disown(self, code: str) -> bool | None:
        """不是我家的: the same as a text 打错了."""
        ...

    async def ask(self, code: str, words: str, once: str | None = None) -> bool | None:
        """A question is open as an inquiry; False for a form that came before."""
        ...


class Rights(Protocol):
    """What a page shows WeChat so that its buttons work."""

    @property
    def appid(self) -> str:
        """The account."""
        ...

    @property
    def timestamp(self) -> int:
        """Seconds since 1970."""
        ...

    @property
    def nonce(self) -> str:
        """Made for this page."""
        ...

    @property
    def signature(self) -> str:
        """Over ticket, nonce, timestamp and address."""
        ...


@dataclass(frozen=True, slots=True)
class Consent:
    """By what 我的补贴 asks for consent: the template of policies, and WeChat's own script."""

    template: str
    script_url: str


class OfficialAccount(Protocol):
    """The WeChat account, as pages need it."""

    async def page_rights(self, url: str) -> Rights:
        """What the page at `url` shows WeChat. Raises ProviderNonsense."""
        ...

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where a visitor is sent so that WeChat says who it is."""
        ...

    async def openid_of(self, code: str) -> str:
        """The openid of who came back. Raises InputError (Chinese), or ProviderNonsense."""
        ...


class BindingDesk(Protocol):
    """Where followers bind themselves. Each method raises InputError (Chinese) for what cannot be done."""

    @property
    def hotline(self) -> str:
        """Where to ask."""
        ...

    async def send_code(self, openid: str, written: str, address: str) -> None:
        """A code is on its way to the phone, if it is a household's own."""
        ...

    async def prove(self, openid: str, written: str, typed: str) -> str:
        """The phone is proved by its code: its 11 digits."""
        ...

    async def bind(self, openid: str, phone: str, name: str, tail: str) -> int:
        """The openid is bound to the person; the household's id."""
        ...

    async def unbind(self, openid: str, person_id: int) -> bool:
        """The openid is bound to the person no more."""
        ...

    async def mine(self, openid: str) -> Mine:
        """What the openid's households were told."""
        ...

    async def acknowledge(self, openid: str, owed_id: int) -> bool:
        """我已知晓; False when it is not the openid's."""
        ...

    async def ask(self, openid: str, household_id: int, words: str, once: str | None = None) -> bool:
        """A question is open, once for a form; False when the household is not the openid's."""
        ...
