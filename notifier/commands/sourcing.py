"""Sources on the command line: how they fare, what a definition would extract, and what waits for a person."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission
from notifier.app import App, open_app
from notifier.app.watching import Tried, try_source, watch_desk
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.settings import load_settings
from notifier.sources.presets import about, preset_names
from notifier.store.attachments import payment_drafts
from notifier.store.health import source_health
from notifier.store.undated import undated_items
from notifier.store.versions import waiting_versions
from notifier.watch.deciding import Decider

source = typer.Typer(
    no_args_is_help=True, help="Sources: health, a trial of a definition, and what waits for a person."
)

Who = Annotated[str, typer.Option("--by", help="the user who decides; stands in the audit trail")]
Number = Annotated[int, typer.Argument(help="the number, as listed")]
Region = Annotated[str, typer.Option(help="12-digit code")]
_COUNTY = "640425000000"
_SHOWN = 400


@source.command("list")
def source_list(as_json: AsJson = False) -> None:
    """Every enabled source: its state, last whole look, last new item, last error, and what waits for a person."""

    async def work(app: App) -> list[dict[str, Any]]:
        health = {one.name: one for one in await source_health(app.ledger)}
        found = []
        for one in app.sources:
            known = health.get(one.name)
            says = known.says if known else "还没有查看过"
            found.append(
                {"title": one.definition.title, "name": one.name, **(plain(known) if known else {}), "says": says}
            )
        return found

    found = _with_app(work, as_json)
    lines = [
        f"{one['name']}（{one['title']}）{one['says']}\n"
        f"    最近完整查看 {_moment(one.get('complete_at'))}  最近新条目 {_moment(one.get('new_at'))}"
        for one in found
    ]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有启用任何来源")


@source.command("try")
def source_try(
    file: Annotated[Path, typer.Argument(help="a definition: config/sources/….toml")],
    pages: Annotated[int, typer.Option(help="items whose page is read", min=0, max=20)] = 3,
    as_json: AsJson = False,
) -> None:
    """Show what a definition would extract; nothing is kept."""
    tried = run(try_source(load_settings(), file, pages), as_json=as_json)
    answer(tried, as_json=as_json, text=lambda: _tried(tried))


@source.command("presets")
def source_presets(as_json: AsJson = False) -> None:
    """The shipped patterns, for `preset = "…"` in a definition."""
    found = {name: about(name) for name in preset_names()}
    text = "\n".join(f"{name:<18} {said}" for name, said in found.items())
    answer(found, as_json=as_json, text=text)


@source.command("undated")
def source_undated(region: Region = _COUNTY, as_json: AsJson = False) -> None:
    """Items without a date, which tell nobody until they are dated or refused."""
    found = _with_app(lambda app: undated_items(app.ledger, region), as_json)
    lines = [f"{one.item_id:>6} {one.title} {one.url}" for one in found]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有等待补日期的条目")


@source.command("date")
def source_date(
    number: Number, on: Annotated[str, typer.Argument(help="YYYY-MM-DD")], by: Who, as_json: AsJson = False
) -> None:
    """Say when an item was published: it is a policy from now on."""
    try:
        day = datetime.strptime(on, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise typer.BadParameter("应为 YYYY-MM-DD") from None
    benefit = _decided(by, as_json, lambda app, who: watch_desk(app).date_item(number, day, who))
    answer({"item": number, "benefit": benefit}, as_json=as_json)


@source.command("refuse")
def source_refuse(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Refuse an undated item: it tells nobody."""
    _decided(by, as_json, lambda app, who: watch_desk(app).refuse_item(number, who))
    answer({"item": number, "state": "refused"}, as_json=as_json)


@source.command("versions")
def source_versions(region: Region = _COUNTY, as_json: AsJson = False) -> None:
    """Policies whose text changed (更正), which tell nobody until a person says so."""
    found = _with_app(lambda app: waiting_versions(app.ledger, region), as_json)
    lines = [f"{one.benefit_id:>6} 第{one.version}版 {one.title} {one.url or ''}" for one in found]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有等待处理的更正")


@source.command("tell")
def source_tell(number: Number, version: int, by: Who, as_json: AsJson = False) -> None:
    """Let a policy say what its changed text says; a campaign is proposed for it as for any policy."""
    _decided(by, as_json, lambda app, who: watch_desk(app).tell_version(number, version, who))
    answer({"benefit": number, "version": version, "state": "told"}, as_json=as_json)


@source.command("dismiss")
def source_dismiss(number: Number, version: int, by: Who, as_json: AsJson = False) -> None:
    """Let a changed text go untold."""
    _decided(by, as_json, lambda app, who: watch_desk(app).dismiss_version(number, version, who))
    answer({"benefit": number, "version": version, "state": "dismissed"}, as_json=as_json)


@source.command("drafts")
def source_drafts(region: Region = _COUNTY, as_json: AsJson = False) -> None:
    """Payment lists that hang on published pages and wait for a person."""
    found = _with_app(lambda app: payment_drafts(app.ledger, region), as_json)
    lines = [f"{one.attachment_id:>6} {one.name} {one.n_lines} 行（{one.title}）" for one in found]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有等待处理的发放清单")


@source.command("take")
def source_take(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Import a payment list that hangs on a page, as if it had been handed in."""
    done = _decided(by, as_json, lambda app, who: watch_desk(app).take_draft(number, who))
    answer(done, as_json=as_json)


@source.command("leave")
def source_leave(number: Number, by: Who, as_json: AsJson = False) -> None:
    """Do not import a payment list that hangs on a page."""
    _decided(by, as_json, lambda app, who: watch_desk(app).refuse_draft(number, who))
    answer({"attachment": number, "state": "refused"}, as_json=as_json)


@source.command("accept")
def source_accept(
    name: Annotated[str, typer.Argument(help="the source's name")],
    by: Who,
    anew: Annotated[bool, typer.Option("--anew", help="the next look is a baseline too and tells nobody")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a source's list is right as it is now, after an alarm that it had shrunk."""
    _decided(by, as_json, lambda app, who: watch_desk(app).accept_list(name, who, anew=anew))
    answer({"source": name, "anew": anew}, as_json=as_json)


def _with_app(work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_app(load_settings()) as app:
            return await work(app)

    return run(opened(), as_json=as_json)


def _decided(by: str, as_json: bool, deed: Callable[[App, Decider], Awaitable[Any]]) -> Any:
    async def work(app: App) -> Any:
        user = await permitted(app.ledger, by, Permission.JUDGE)
        return await deed(app, Decider(user.name, user.region_code))

    return _with_app(work, as_json)


def _moment(said: str | None) -> str:
    return said[:16].replace("T", " ") if said else "—"


def _tried(tried: Tried) -> str:
    lines = [f"来源 {tried.source}：列表上 {len(tried.items)} 条"]
    lines += [f"  {one.on or '无日期'}  {one.title}\n              {one.url}" for one in tried.items]
    for page in tried.pages:
        lines += [
            f"\n《{page.title}》",
            f"  日期 {page.published_on or '—'}  机关 {page.issuer or '—'}  文号 {page.document_number or '—'}",
            *(f"  附件 {name}（{kind}）{said}" for name, kind, said in page.attachments),
            f"  正文 {len(page.body)} 字：{page.body[:_SHOWN]}{'…' if len(page.body) > _SHOWN else ''}",
        ]
    lines += [f"  ! {one.what}：{one.why}" for one in tried.warnings]
    return "\n".join(lines)
