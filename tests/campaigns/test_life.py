"""The life of a drafted campaign, whatever people do in whatever order; and who reviews it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from notifier.accounts.roles import Role
from notifier.campaigns.deciding import CampaignDesk
from notifier.campaigns.drafting import Author
from notifier.domain.errors import InputError
from notifier.domain.lifecycle import CampaignState
from notifier.domain.rules import AllOf
from notifier.store import campaigns
from notifier.store.accounts import Account, add_account
from notifier.store.audit import verify
from notifier.store.drafts import Draft, draft
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from tests.campaigns.drafting import a_draft_desk
from tests.campaigns.test_drafting import COAL, HandClock, Trials
from tests.report import ground

S = CampaignState
AUTHOR = Author("baiyang", ground.BAIYANG)
PEOPLE = {
    "baiyang": ground.BAIYANG,
    "zhenshen": ground.BAIYANG,
    "xianshen": ground.COUNTY,
    "wangshen": ground.WANGWA,
}
DUE = (ground.BAIYANG, ground.COUNTY)
T = TypeVar("T")


async def staffed(ledger: Ledger) -> None:
    await ground.lay_county(ledger)
    for name, region in PEOPLE.items():
        role = Role.ADMINISTRATOR if name == AUTHOR.name else Role.REVIEWER
        await add_account(ledger, Account(name, "-", role.value, region), ground.NOW)


class CampaignLife(RuleBasedStateMachine):
    """A model beside the ledger: where the campaign is, who has approved what stands there, whether it was altered."""

    def __init__(self, migrated: Path, folder: Path) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        file = folder / f"{uuid4().hex}.db"
        for part in migrated.parent.glob(f"{migrated.name}*"):
            shutil.copy(part, file.with_name(part.name.replace(migrated.name, file.name)))
        self.clock = HandClock()
        self.ledger = self.do(open_ledger(f"sqlite+aiosqlite:///{file}", Vault(load_keys(folder / "keys.toml"))))
        self.do(staffed(self.ledger))
        self.desk = CampaignDesk(self.ledger, self.clock, launches_approved=False)
        self.drafting = a_draft_desk(self.ledger, self.clock, Trials())
        self.number = self.do(self.drafting.begin(AUTHOR, COAL.title))
        self.do(self.drafting.save_words(self.kept(), AUTHOR, COAL))
        self.do(self.drafting.save_audience(self.kept(), AUTHOR, AllOf(())))
        self.state, self.approved_by, self.is_altered = S.DRAFT, list[str](), False

    def do(self, deed: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(deed)

    def kept(self) -> Draft:
        found = self.do(draft(self.ledger, self.number))
        assert found is not None
        return found

    def happens(self, deed: Coroutine[Any, Any, object], then: CampaignState | None) -> bool:
        """The deed leads to that state; or is refused in a sentence where the model says that it must be."""
        self.clock.at += timedelta(minutes=1)
        if then is None:
            with pytest.raises(InputError):
                self.do(deed)
            return False
        self.do(deed)
        self.state = then
        return True

    @rule(words=st.sampled_from(("开窗通风。", "装报警器。")))
    def edit(self, words: str) -> None:
        typed = COAL.__class__(COAL.kind, COAL.title, "", words, COAL.ladder)
        may = self.state in (S.DRAFT, S.RETURNED)
        self.happens(self.drafting.save_words(self.kept(), AUTHOR, typed), self.state if may else None)

    @rule()
    def submit(self) -> None:
        may = self.state in (S.DRAFT, S.RETURNED)
        if self.happens(self.drafting.submit(self.kept(), AUTHOR, "18"), S.IN_REVIEW if may else None):
            self.approved_by = []

    @rule(who=st.sampled_from(sorted(PEOPLE)), approves=st.booleans())
    def review(self, who: str, approves: bool) -> None:
        at = len(self.approved_by)
        may = (
            self.state is S.IN_REVIEW and who != AUTHOR.name and who not in self.approved_by and PEOPLE[who] == DUE[at]
        )
        then = S.RETURNED if not approves else S.APPROVED if at + 1 == len(DUE) else S.IN_REVIEW
        deed = self.desk.review(self.number, who, approves=approves, remark="改一改")
        if self.happens(deed, then if may else None):
            self.approved_by = [*self.approved_by, who] if approves else []
            self.is_altered = False

    @precondition(lambda self: self.state in (S.DRAFT, S.RETURNED, S.IN_REVIEW))
    @rule()
    def everybody_agrees(self) -> None:
        if self.state is not S.IN_REVIEW:
            self.submit()
        while self.state is S.IN_REVIEW:
            self.review("zhenshen" if not self.approved_by else "xianshen", True)

    @precondition(lambda self: self.state is S.APPROVED)
    @rule()
    def alter(self) -> None:
        """Past every desk, in the database itself."""

        async def alter() -> None:
            async with self.ledger.writing() as c:
                await c.execute(
                    text("UPDATE campaign SET free_text = free_text || '!' WHERE id = :id"), {"id": self.number}
                )

        self.do(alter())
        self.is_altered = True
        self.launch()

    @rule()
    def launch(self) -> None:
        may = self.state is S.APPROVED and not self.is_altered
        if not self.happens(self.desk.launch(self.number, "guanli"), S.RUNNING if may else None):
            voids = self.state is S.APPROVED
            self.state, self.approved_by = (S.RETURNED, []) if voids else (self.state, self.approved_by)

    @rule(deed=st.sampled_from(("pause", "resume")))
    def interrupt(self, deed: str) -> None:
        before, then = (S.RUNNING, S.PAUSED) if deed == "pause" else (S.PAUSED, S.RUNNING)
        self.happens(getattr(self.desk, deed)(self.number, "guanli"), then if self.state is before else None)

    @rule(doubt=st.integers(0, 7))
    def cancel(self, doubt: int) -> None:
        if not doubt:
            over = self.state is S.CANCELLED
            self.happens(self.desk.cancel(self.number, "guanli"), None if over else S.CANCELLED)

    @invariant()
    def the_ledger_agrees(self) -> None:
        async def look() -> campaigns.CampaignRow:
            async with self.ledger.reading() as c:
                return await campaigns.campaign(c, self.number)

        row = self.do(look())
        assert row.state is self.state
        if self.state in (S.IN_REVIEW, S.APPROVED):
            assert row.n_approved == len(self.approved_by)
        if self.state in (S.RUNNING, S.PAUSED):
            assert self.approved_by == ["zhenshen", "xianshen"]

    def teardown(self) -> None:
        assert self.do(verify(self.ledger)) == []
        self.do(self.ledger.close())
        self.runner.close()


def test_nothing_runs_that_each_level_did_not_approve_as_it_stands(migrated_file: Path, tmp_path: Path) -> None:
    run_state_machine_as_test(
        lambda: CampaignLife(migrated_file, tmp_path),  # type: ignore[arg-type]  # a factory will do
        settings=hypothesis_settings(max_examples=8, stateful_step_count=25),
    )


@pytest.fixture
async def ledger(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await staffed(opened)
    yield opened
    await opened.close()


async def test_a_village_s_draft_needs_three_reviews_by_three_people_of_three_levels(ledger: Ledger) -> None:
    await add_account(ledger, Account("cunshen", "-", "reviewer", ground.VILLAGE_1), ground.NOW)
    clerk, clock = Author("cunguan", ground.VILLAGE_1), HandClock()
    drafting, desk = a_draft_desk(ledger, clock, Trials()), CampaignDesk(ledger, clock, launches_approved=True)
    number = await drafting.begin(clerk, COAL.title)

    async def kept() -> Draft:
        found = await draft(ledger, number)
        assert found is not None
        return found

    await drafting.save_words(await kept(), clerk, COAL)
    await drafting.save_audience(await kept(), clerk, AllOf(()))
    tomorrow = clock.at + timedelta(days=1)
    await drafting.save_moment(await kept(), clerk, tomorrow)
    await drafting.submit(await kept(), clerk, "14")
    for who in ("cunshen", "zhenshen", "xianshen"):
        with pytest.raises(InputError, match="等待"):
            await desk.review(number, "wangshen", approves=True)
        clock.at += timedelta(minutes=1)
        state = await desk.review(number, who, approves=True)
    assert state is S.APPROVED
    assert await desk.launch_approved() == []
    clock.at = tomorrow
    started = await asyncio.gather(desk.launch_approved(), desk.launch_approved())
    assert sorted(started) == [[], [number]]
