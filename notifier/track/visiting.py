"""Visits as officers work them off."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.identity import read_phone
from notifier.domain.outcomes import Reason
from notifier.store import visit_homes, visit_list, visits
from notifier.store.ledger import Ledger
from notifier.store.registry_contacts import NewPhone, correct_phone
from notifier.store.visit_list import VisitTask
from notifier.store.visits import Report


@dataclass(frozen=True, slots=True)
class VisitDesk:
    """Where visits are listed and decided. Each deed raises InputError (Chinese) when the visit does not allow it.

    A deed that was reported by a form gives False when the same form had come before: nothing is done twice.
    """

    ledger: Ledger
    clock: Clock
    shared_above: int = 3
    """A phone that more households than these carry is flagged as shared."""

    async def open_visits(self, region_code: str, after: int = 0) -> Sequence[VisitTask]:
        """The next visits of a region that wait, names and phones masked."""
        return await visit_list.open_visits(self.ledger, region_code, after=after)

    async def sign_off(self, visit_id: int, by: str, how: str, remark: str | None = None) -> None:
        """The household was told in person just now: reached, acknowledged."""
        await self.sign([visit_id], Report(by, self.clock.now(), how, remark))

    async def sign(self, visit_ids: Sequence[int], report: Report) -> bool:
        """The household was told in person what those visits are for: reached, acknowledged.

        `report.visited_at` lies in the past; a photo is kept with the first visit.
        """
        if report.visited_at > self.clock.now():
            raise InputError("入户时间不能晚于现在;请改为实际告知的时间")
        return await visits.sign(self.ledger, visit_ids, report, self.clock.now())

    async def ask_excuse(self, visit_id: int, excuse: Reason, report: Report) -> bool:
        """Nobody is there to be told, says one person; a second one must confirm."""
        return await visits.ask_excuse(self.ledger, visit_id, excuse, report, self.clock.now())

    async def confirm_excuse(self, visit_id: int, by: str) -> None:
        """A second person agrees: excused."""
        await visits.confirm_excuse(self.ledger, visit_id, by, self.clock.now())

    async def decline_excuse(self, visit_id: int, by: str) -> None:
        """Somebody does not agree: the visit waits again."""
        await visits.decline_excuse(self.ledger, visit_id, by, self.clock.now())

    async def note_absence(self, visit_id: int, found: Reason, report: Report) -> bool:
        """Nobody was met (失联, 整户外出): the household is unreached for that, and its visit stays open."""
        return await visits.note_absence(self.ledger, visit_id, found, report, self.clock.now())

    async def correct_number(self, household_id: int, person_id: int, written: str, by: str) -> None:
        """The person's number is the one that was written down; what the household waits for is sent to it by itself.

        Raises InputError for no mobile number, or a person who is not of the household. Safe to repeat.
        """
        phone = read_phone(written)
        if not await visit_homes.lives_in(self.ledger, person_id, household_id):
            raise InputError("没有这位成员;请刷新后重新选择")
        await correct_phone(self.ledger, NewPhone(person_id, phone, by), self.shared_above, self.clock.now())
