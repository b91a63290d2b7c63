"""备案审核: what the levels do with a project; each deed is one transaction with its audit entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.benefits import AuditState
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.filing import DEED_TEXT, LEVEL_TEXT, FilingDeed, moved, next_level, rank_of
from notifier.store import audit, filing
from notifier.store.filing import Project, Step
from notifier.store.filing_counts import TownshipCounts, count_by_township
from notifier.store.ledger import Ledger
from notifier.store.repeated import settle_repeated


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who files or audits, and for which region."""

    name: str
    region_code: str


@dataclass(frozen=True, slots=True)
class FilingDesk:
    """Where projects are filed, audited and sent back. `levels` are those in force, from below; the last lets out."""

    ledger: Ledger
    clock: Clock
    levels: Sequence[AuditState]

    async def projects(
        self, region_code: str, *, audit: AuditState | None = None, before: int | None = None, most: int = 50
    ) -> Sequence[Project]:
        """Projects inside the region, the newest first; see `store.filing.list_projects`."""
        return await filing.list_projects(self.ledger, region_code, audit=audit, before=before, most=most)

    async def counts(self, region_code: str) -> Mapping[AuditState, int]:
        """How many projects of the region stand at each audit state."""
        return await filing.count_projects(self.ledger, region_code)

    async def township_counts(self, region_code: str, since: datetime, until: datetime) -> Sequence[TownshipCounts]:
        """The county sheet: 备案, 审核, 待整改, 发布政策 by township, from `since` until before `until`."""
        return await count_by_township(self.ledger, region_code, self.levels[-1], since, until)

    def open_deeds(self, project: Project, officer: Officer) -> Mapping[FilingDeed, AuditState]:
        """What the officer may do with the project now, and as which level; empty when it is another's turn."""
        rank = rank_of(officer.region_code, self.levels)
        here, n = project.progress(self.levels), len(self.levels)
        found = {deed: next_level(here, deed, rank, n) for deed in FilingDeed}
        return {deed: self.levels[level - 1] for deed, level in found.items() if level is not None}

    async def file(self, benefit_id: int, officer: Officer) -> AuditState:
        """The next level has filed the project; which one. Raises InputError (Chinese)."""
        return await self._do(benefit_id, FilingDeed.FILE, officer)

    async def audit(self, benefit_id: int, officer: Officer) -> AuditState:
        """The next level has audited the project; which one. After the last its notices go out.

        Raises InputError (Chinese): another's turn, outside the region, or whoever filed it at that level.
        """
        return await self._do(benefit_id, FilingDeed.AUDIT, officer)

    async def send_back(self, benefit_id: int, officer: Officer, remark: str) -> AuditState:
        """待整改, with why: nobody is told anything until all filed and audited again. Raises InputError (Chinese)."""
        if not remark.strip():
            raise InputError("退回整改时请写明要改什么")
        return await self._do(benefit_id, FilingDeed.RETURN, officer, remark.strip())

    async def settle_repeated(self, benefit_id: int, officer: Officer, *, tells: bool) -> int:
        """The project's lines that another batch has too are told after all, or to nobody; how many.

        Raises InputError (Chinese): outside the region, or none waits any more.
        """
        project = await filing.project(self.ledger, benefit_id, officer.region_code)
        async with self.ledger.writing() as c:
            n = await settle_repeated(c, benefit_id, officer.name, tells=tells)
            if not n:
                raise InputError(f"“{project.title}”没有待核对的重复明细，可能已由他人处理；请刷新后再看")
            what = {"benefit": benefit_id, "lines": n, "tells": tells}
            await audit.append(c, officer.name, "filing.repeated", what, at=self.clock.now())
        return n

    async def _do(self, benefit_id: int, deed: FilingDeed, officer: Officer, remark: str | None = None) -> AuditState:
        project = await filing.project(self.ledger, benefit_id, officer.region_code)
        level = self.open_deeds(project, officer).get(deed)
        if level is None:
            raise InputError(f"“{project.title}”现在不能{DEED_TEXT[deed]}：{self.says(project)}")
        if deed is FilingDeed.AUDIT and self._filed_by(project, level) == officer.name:
            raise InputError(f"您办理了这个项目的{LEVEL_TEXT[level]}级备案，请由另一人审核")
        here, n_levels = project.progress(self.levels), len(self.levels)
        then = moved(here, deed, self.levels.index(level) + 1, n_levels)
        now = self.clock.now()
        async with self.ledger.writing() as c:
            await filing.stand(c, benefit_id, here, then, self.levels)
            await filing.add_step(c, benefit_id, Step(deed, level, officer.name, now, remark))
            await audit.append(
                c, officer.name, f"filing.{deed.value}", {"benefit": benefit_id, "level": level.value}, at=now
            )
        return level

    def _filed_by(self, project: Project, level: AuditState) -> str | None:
        filers = [one.who for one in project.steps if one.deed is FilingDeed.FILE and one.level is level]
        return filers[-1] if filers else None

    def says(self, project: Project) -> str:
        """Where the project stands, in Chinese."""
        here = project.progress(self.levels)
        if here.is_returned:
            return f"待整改，改好后由{LEVEL_TEXT[self.levels[0]]}级重新备案"
        if here.audited == len(self.levels):
            return "审核已全部完成"
        filed = f"已备案到{LEVEL_TEXT[self.levels[here.filed - 1]]}级" if here.filed else "尚未备案"
        audited = f"已审核到{LEVEL_TEXT[self.levels[here.audited - 1]]}级" if here.audited else "尚未审核"
        waiting = self.levels[here.audited] if here.audited < here.filed else self.levels[here.filed]
        next_deed = FilingDeed.AUDIT if here.audited < here.filed else FilingDeed.FILE
        return f"{filed}，{audited}，待{LEVEL_TEXT[waiting]}级{DEED_TEXT[next_deed]}"
