"""One site over some days, over real sockets into a real ledger: what is told, what waits, and what raises an alarm."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.domain import settings
from notifier.domain.watched import SourceState
from notifier.store.attachments import payment_drafts
from notifier.store.health import source_health
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.proposing import untold_policies
from notifier.store.sealing import Vault, load_keys
from notifier.store.undated import undated_items
from notifier.store.versions import waiting_versions
from notifier.watch.became import Became
from notifier.watch.step import SourceReport, step
from notifier.wire import Wire
from tests.registered import COUNTY, FrozenClock, a_line, a_workbook, an_id
from tests.sources.pattern_site import HOST, Answer, Rerouted, page, refused, served
from tests.sources.test_attachments import a_file
from tests.sources.test_presets import a_source

HOME = f"http://{HOST}/x/index.html"
WORDS = (
    "各乡镇人民政府：现将有关事项通知如下，请认真组织落实，确保政策惠及每一户农户。"
    "补贴标准为每亩{}元，通过一卡通发放到户，不得截留。"
)


@pytest.fixture
async def ledger(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


class Town:
    """A site whose editor changes it; `pages` is served as it is when it is asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.listed: list[str] = []

    def publish(self, name: str, title: str, words: str, on: str | None = "2026-11-20") -> None:
        """The newest article of the list from now on; without a day nothing on it says when."""
        meta = f"<meta name=PubDate content={on}>" if on else ""
        self.pages[f"/x/{name}"] = page(f"{meta}<h1>{title}</h1><ucapcontent>{words}</ucapcontent>")
        self.listed.insert(0, f"<li><a href='{name}'>{title}</a></li>")
        self.list_them(self.listed)

    def list_them(self, listed: list[str]) -> None:
        self.pages["/x/index.html"] = page(f"<ul class=infolist>{''.join(listed)}</ul>")


Look = Callable[..., Awaitable[SourceReport]]


@asynccontextmanager
async def watched(town: Town, ledger: Ledger, clock: FrozenClock) -> AsyncIterator[Look]:
    """How the town's site is looked at once more, an hour or longer after the last time."""
    async with served(town.pages) as (_, server), Wire(settings.Wire()) as wire:
        source = a_source(Rerouted(wire, server), {"preset": "ucap_html", "url": HOME, "region": COUNTY}, clock)

        async def look(after: timedelta = timedelta(hours=1)) -> SourceReport:
            clock.move(after)
            (report,) = (await step(ledger, [source], clock, settings.Watch())).sources
            return report

        yield look


async def test_a_site_over_days(ledger: Ledger) -> None:
    town, clock = Town(), FrozenClock()
    for n in range(1, 7):
        town.publish(f"old{n}.html", f"旧通知{n}", WORDS.format(n))
    async with watched(town, ledger, clock) as look:
        for _ in range(3):
            assert (await look()).n_new == 0

        town.pages["/x/list.xlsx"] = a_file(a_workbook([a_line("样例一", an_id(1))], titles=["2026年高龄津贴发放清单"]))
        link = "<a href='list.xlsx'>2026年高龄津贴发放清单.xlsx</a>"
        town.publish("new.html", "关于草原补奖的通知", f"<p>{WORDS.format('7.5')}</p>{link}")
        town.publish("undated.html", "关于取暖煤的通知", WORDS.format(1), on=None)
        report = await look()
        assert (report.counts[Became.NEW], report.counts[Became.UNDATED], report.state) == (1, 1, SourceState.WELL)
        assert [one.title for one in await untold_policies(ledger)] == ["关于草原补奖的通知"]
        assert [one.title for one in await undated_items(ledger, COUNTY)] == ["关于取暖煤的通知"]
        assert [one.n_lines for one in await payment_drafts(ledger, COUNTY)] == [1]

        # Republished at a new address, then corrected there: nobody is told twice, the correction waits.
        town.publish("again.html", "关于草原补奖的通知", f"<p>{WORDS.format('7.5')}</p>{link}")
        assert (await look()).counts[Became.KNOWN] == 1
        town.pages["/x/again.html"] = page(f"<h1>关于草原补奖的通知</h1><ucapcontent>{WORDS.format(8)}</ucapcontent>")
        assert (await look()).counts[Became.CHANGED] == 0  # not read again on the same day
        assert (await look(timedelta(days=1))).counts[Became.CHANGED] == 1
        assert ["8元" in one.body for one in await waiting_versions(ledger, COUNTY)] == [True]
        assert len(await untold_policies(ledger)) == 1

        for left in (1, 0):
            town.list_them(town.listed[:left])
            assert (await look()).state is SourceState.DRIFT
        town.list_them(town.listed)
        assert (await look()).state is SourceState.WELL
        town.pages["/x/index.html"] = refused(412)
        assert (await look()).state is SourceState.PERSON
        (health,) = await source_health(ledger)
        assert (health.n_listed, health.n_undated, health.n_changed) == (9, 1, 1)
        assert "人工" in health.says
