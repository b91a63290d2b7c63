"""Looking at one source because a person asks for it, beside the clock's own looks."""

import asyncio
from collections.abc import Mapping

from notifier.app.opening import App
from notifier.app.watching import watch_desk
from notifier.domain.errors import InputError
from notifier.sources.looking import Watched
from notifier.store import audit
from notifier.watch import step as watching
from notifier.watch.deciding import WatchDesk
from notifier.watch.step import SourceReport

_PATIENCE_S = 15


class LookDesk:
    """See `web.source_desk.SourceDesk`. A look that takes long goes on after its answer."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._desk = watch_desk(app)
        self._looks: dict[str, asyncio.Task[SourceReport]] = {}

    @property
    def titles(self) -> Mapping[str, str]:
        """See the Protocol."""
        return {one.name: one.definition.title for one in self._app.sources}

    @property
    def deciding(self) -> WatchDesk:
        """See the Protocol."""
        return self._desk

    async def look(self, name: str, who: str) -> str:
        """See the Protocol."""
        source = next((one for one in self._app.sources if one.name == name), None)
        if source is None:
            raise InputError("没有这个来源；请刷新页面后再试")
        now = self._app.clock.now()
        async with self._app.ledger.writing() as c:
            await audit.append(c, who, "source.look", {"source": name}, at=now)
        under_way = self._looks.get(name)
        if under_way is None or under_way.done():
            under_way = self._looks[name] = asyncio.create_task(self._look(source))
        done, _ = await asyncio.wait({under_way}, timeout=_PATIENCE_S)
        if not done:
            return f"“{source.definition.title}”还在查看，稍后刷新本页看结果"
        report = under_way.result()
        if report.error:
            raise InputError(f"“{report.title}”没有看成：{report.error}")
        return f"“{report.title}”查看完成，新 {report.n_new} 条" + (f"；{report.drift}" if report.drift else "")

    async def _look(self, source: Watched) -> SourceReport:
        app = self._app
        return (await watching.step(app.ledger, [source], app.clock, app.settings.watch)).sources[0]
