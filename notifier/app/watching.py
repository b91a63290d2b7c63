"""What people do about sources: decide, and see what a definition would extract before it is used."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from notifier.app.opening import App
from notifier.domain.benefits import AuditState, Finding, Policy
from notifier.domain.errors import InputError
from notifier.schedule import SystemClock
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.sources.looking import LeftOut, Means, Previews
from notifier.sources.registry import load_source
from notifier.store.foreign import ForeignDatabases
from notifier.watch.deciding import WatchDesk
from notifier.wire import Wire


@dataclass(frozen=True, slots=True)
class TriedItem:
    """One listed item."""

    title: str
    url: str
    on: date | None


@dataclass(frozen=True, slots=True)
class TriedPage:
    """One item read: what would be kept of it. `attachments` are (name, kind, what is said of it)."""

    title: str
    url: str
    published_on: date | None
    issuer: str | None
    document_number: str | None
    body: str
    attachments: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a definition would extract."""

    source: str
    items: list[TriedItem]
    pages: list[TriedPage]
    warnings: list[LeftOut]


def watch_desk(app: App) -> WatchDesk:
    """Where changed texts, undated items, payment lists on pages and rebuilt sites are decided."""
    aliases = load_aliases(app.settings.registry.headers_file, "payments")
    return WatchDesk(app.ledger, app.clock, aliases, AuditState(app.settings.watch.final_audit))


async def try_source(settings: Settings, file: Path, n_pages: int) -> Tried:
    """What the definition in `file` would extract, its first `n_pages` items read; nothing is kept anywhere.

    Raises ConfigError (the definition), SourceError (the site), InputError for a kind that is no site.
    """
    if not file.is_file():
        raise InputError(f"找不到文件 {file.name};请检查路径")
    async with Wire(settings.wire, settings.dispatch.call_timeout) as wire:
        aliases = load_aliases(settings.registry.headers_file, "payments")
        source = load_source(file, Means(wire, SystemClock(), aliases, ForeignDatabases()))
        if not isinstance(source, Previews):
            raise InputError(
                f"{file.name} 的 kind 是 {source.definition.kind},不是网站;请用 notifier import payments 试一个文件"
            )
        seen = await source.preview(n_pages)
        items = [TriedItem(one.title, one.url, one.listed_on) for one in seen.items]
        pages = [page for one in seen.findings if (page := _page(one)) is not None]
        return Tried(source.name, items, pages, [*source.left_out, *_undated(pages)])


def _page(finding: Finding) -> TriedPage | None:
    policy = finding.benefit
    if not isinstance(policy, Policy):
        return None
    files = [
        (one.name, one.kind.value, one.why or (f"{one.n_lines} 行" if one.n_lines else ""))
        for one in finding.attachments
    ]
    return TriedPage(
        policy.title,
        policy.url,
        policy.published_on,
        policy.issuer,
        policy.document_number,
        policy.body,
        files,
    )


def _undated(pages: list[TriedPage]) -> list[LeftOut]:
    why = "看不出发布日期，会搁置等人工补日期；可在来源定义中写 page_date 或 date"
    return [LeftOut(one.title, why, again=False) for one in pages if one.published_on is None]
