"""Visits as officers work them off."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.domain.contracts import Clock
from notifier.domain.outcomes import Reason
from notifier.store import visit_list, visits
from notifier.store.ledger import Ledger
from notifier.store.visit_list import VisitTask
from notifier.store.visits import Report


@dataclass(frozen=True, slots=True)
class VisitDesk:
    """Where visits are listed and decided. Each deed raises InputError (Chinese) when the visit does not allow it."""

    ledger: Ledger
    clock: Clock

    async def open_visits(self, region_code: str, after: int = 0) -> Sequence[VisitTask]:
        """The next visits of a region that wait, names and phones masked."""
        return await visit_list.open_visits(self.ledger, region_code, after=after)

    async def sign_off(self, visit_id: int, by: str, how: str, remark: str | None = None) -> None:
        """The household was told in person just now: reached, acknowledged."""
        now = self.clock.now()
        await visits.sign(self.ledger, visit_id, Report(by, now, how, remark), now)

    async def ask_excuse(self, visit_id: int, by: str, excuse: Reason) -> None:
        """Nobody is there to be told, says one person; a second one must confirm."""
        now = self.clock.now()
        await visits.ask_excuse(self.ledger, visit_id, excuse, Report(by, now, "免通知"), now)

    async def confirm_excuse(self, visit_id: int, by: str) -> None:
        """A second person agrees: excused."""
        await visits.confirm_excuse(self.ledger, visit_id, by, self.clock.now())
