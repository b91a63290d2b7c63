"""The official account by hand: its menu, and QR codes through which followers come."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from notifier.app import App, open_app
from notifier.channels.wechat import Wechat, official_account
from notifier.channels.wechat.menu import menu_fields
from notifier.channels.wechat.qr import village_scene
from notifier.commands.answering import AsJson, answer, run
from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.settings import load_settings
from notifier.store.qr_codes import KeptQr, keep_qr, kept_qr
from notifier.store.registry_regions import read_regions

commands = typer.Typer(no_args_is_help=True, help="The WeChat official account.")


@commands.command("menu")
def menu_command(as_json: AsJson = False) -> None:
    """Publish the account's menu: 我的补贴, 绑定微信, 我要咨询."""

    async def work() -> dict[str, Any]:
        async with open_app(load_settings()) as app:
            fields = menu_fields(app.settings.web.public_url)
            await _account(app).publish_menu(fields)
            return fields

    answer(run(work(), as_json=as_json), as_json=as_json, text="菜单已发布，几分钟后在手机上可见")


def _account(app: App) -> Wechat:
    wechat = official_account(app.channels)
    if wechat is None:
        raise InputError("没有启用公众号；请填写 channels.wechat 并把 enabled 设为 true")
    return wechat


@commands.command("qr")
def qr_command(
    village: Annotated[str, typer.Option(help="12-digit code of a village")],
    days: Annotated[int | None, typer.Option(help="a code that ends after 1 to 30 days; a lasting one without")] = None,
    as_json: AsJson = False,
) -> None:
    """The QR code to hang up in a village: who follows by it is known to be from there, and bound to nobody yet."""

    async def work() -> dict[str, Any]:
        async with open_app(load_settings()) as app:
            return await village_qr(app, village, days)

    made = run(work(), as_json=as_json)
    answer(made, as_json=as_json, text=f"{made['name']} {made['picture']}")


async def village_qr(app: App, village: str, days: int | None) -> dict[str, Any]:
    """The village's code: its lasting one, made once, or a new one for so many days. Raises InputError."""
    wechat = _account(app)
    name = await _name_of(app, village)
    scene = village_scene(village)
    if days is not None:
        made = await wechat.qr(scene, timedelta(days=days))
        return _told(village, name, KeptQr(made.ticket, made.content, made.picture)) | {"ends_at": made.ends_at}
    kept = await kept_qr(app.ledger, scene)
    if kept is None:
        made = await wechat.qr(scene)
        kept = await keep_qr(app.ledger, scene, KeptQr(made.ticket, made.content, made.picture), app.clock.now())
    return _told(village, name, kept)


async def _name_of(app: App, village: str) -> str:
    try:
        is_village = level_of(village) == "village"
    except ValueError:
        is_village = False
    found = [one.name for one in await read_regions(app.ledger) if one.code == village] if is_village else []
    if not found:
        raise InputError(f"没有代码为 {village} 的村；请用 12 位村级代码，并先用 notifier import regions 导入行政区划")
    return found[0]


def _told(village: str, name: str, code: KeptQr) -> dict[str, Any]:
    return {
        "village": village,
        "name": name,
        "scene": village_scene(village),
        "ticket": code.ticket,
        "content": code.content,
        "picture": code.picture,
    }
