"""Policies as they were understood, what people decided about the suggestions, and the open list."""

from pathlib import Path
from typing import Annotated, Any

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission
from notifier.app import App, open_app, open_ledger_at
from notifier.campaigns.suggestions import SuggestionDesk
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.errors import InputError
from notifier.domain.rule_language import parse_rule
from notifier.match.open_list import import_list
from notifier.schedule import SystemClock
from notifier.settings import load_settings
from notifier.sources.headers import load_aliases
from notifier.store import disclosure, understood
from notifier.store.rule_counting import vocabulary

policy = typer.Typer(no_args_is_help=True, help="惠民政策: what each says, who it is suggested for, what was decided.")
Who = Annotated[str, typer.Option("--by", help="the user who decides; stands in the audit trail")]
Number = Annotated[int, typer.Argument(help="the campaign's number, as `notifier campaign list` shows it")]
Remark = Annotated[str, typer.Option(help="why")]


@policy.command("show")
def policy_show(campaign: Number, as_json: AsJson = False) -> None:
    """What the policy of a campaign was understood to say, with the phrases behind the suggestion."""

    async def work() -> dict[str, Any]:
        async with open_ledger_at(load_settings()) as ledger:
            said = await understood.understanding_of(ledger, campaign)
        if said is None:
            raise InputError(f"通知任务 {campaign} 没有读过的政策;请用 notifier campaign list 核对编号")
        return dict(said)

    said = run(work(), as_json=as_json)
    answer(said, as_json=as_json, text=_text(said))


def _text(said: dict[str, Any]) -> str:
    amounts = "、".join(one["said"] for one in said["amounts"]) or "未写明"
    until = "、".join(one["on"] for one in said["deadlines"]) or "未写明"
    lines = [
        f"主题 {said['topic'] or '不明'}   领域 {said['field'] or '不明'}   把握 {said['confidence']}%",
        f"对象 {'、'.join(said['groups']) or '未写明'}   不含 {'、'.join(said['left_out']) or '无'}",
        f"金额 {amounts}",
        f"截止 {until}",
    ]
    lines += [f"{name} {sentence}" for name, sentence in said["elements"].items()]
    lines += [f"缺少 {'、'.join(said['missing'])}"] if said["missing"] else []
    lines += [f"依据 “{one['phrase']}” → {one['topic']}:…{one['context']}…" for one in said["evidence"]]
    return "\n".join([*lines, *(f"短信 {piece}" for piece in said["pieces"])])


@policy.command("decisions")
def policy_decisions(most: int = 50, as_json: AsJson = False) -> None:
    """What administrators made of the suggestions, newest first; nothing learns from it by itself."""

    async def work() -> list[dict[str, Any]]:
        async with open_ledger_at(load_settings()) as ledger:
            return [plain(one) for one in await understood.decisions(ledger, most)]

    found = run(work(), as_json=as_json)
    lines = [f"{one['campaign_id']:>6} {one['verdict']:<9} {one['by_user']} {one['title']}" for one in found]
    answer(found, as_json=as_json, text="\n".join(lines) or "还没有决定")


@policy.command("accept")
def policy_accept(campaign: Number, by: Who, remark: Remark = "", as_json: AsJson = False) -> None:
    """Let the suggestion stand; it goes on through its reviews."""

    async def work(app: App) -> None:
        await _desk(app).accept(campaign, by, remark)

    _decided(campaign, by, work, as_json)


@policy.command("edit")
def policy_edit(
    campaign: Number,
    by: Who,
    rule: Annotated[str, typer.Option(help='whom it is for, e.g. 低保 且 居住在 "城阳乡" 且 羊只数 >= 30')],
    remark: Remark = "",
    as_json: AsJson = False,
) -> None:
    """Say whom it is for instead; somebody else reviews it then."""

    async def work(app: App) -> None:
        await _desk(app).edit(campaign, by, parse_rule(rule, await vocabulary(app.ledger)), remark)

    _decided(campaign, by, work, as_json)


@policy.command("refuse")
def policy_refuse(campaign: Number, by: Who, remark: Remark, as_json: AsJson = False) -> None:
    """Tell nobody of it."""

    async def work(app: App) -> None:
        await _desk(app).refuse(campaign, by, remark)

    _decided(campaign, by, work, as_json)


@policy.command("list")
def policy_list(as_json: AsJson = False) -> None:
    """三级政务公开清单: its entries, and how many policies are filed under each."""

    async def work() -> list[dict[str, Any]]:
        async with open_ledger_at(load_settings()) as ledger:
            return [plain(one) for one in await disclosure.entries(ledger)]

    found = run(work(), as_json=as_json)
    lines = [
        f"{one['entry_id']:>6} {one['entry']['level']} {one['entry']['field']} {one['entry']['item']} "
        f"{one['entry']['sub_item']} {one['n_policies']}"
        for one in found
    ]
    answer(
        found,
        as_json=as_json,
        text="\n".join(lines) or "清单是空的;请先 notifier import disclosure config/disclosure.csv",
    )


def disclosure_command(
    file: Annotated[Path, typer.Argument(help="the list: .xlsx, .xls or .csv")],
    by: Annotated[str, typer.Option("--by", help="who imports it; stands in the audit trail")] = "cli",
    as_json: AsJson = False,
) -> None:
    """Import 三级政务公开清单 (市、县、乡): the list is what the file says; what it lacks is retired, not deleted."""

    async def work() -> dict[str, int]:
        settings = load_settings()
        if not file.is_file():
            raise InputError("找不到清单文件;请检查路径")
        aliases = load_aliases(settings.registry.headers_file, "disclosure")
        async with open_ledger_at(settings) as ledger:
            return {"entries": await import_list(ledger, file, aliases, by, SystemClock().now())}

    answer(run(work(), as_json=as_json), as_json=as_json)


def _desk(app: App) -> SuggestionDesk:
    return SuggestionDesk(app.ledger, app.clock)


def _decided(campaign: int, by: str, work: Any, as_json: bool) -> None:
    async def whole() -> None:
        async with open_app(load_settings()) as app:
            await permitted(app.ledger, by, Permission.DRIVE)
            await work(app)

    run(whole(), as_json=as_json)
    answer({"campaign": campaign, "state": "decided"}, as_json=as_json)
