"""Households on the command line: found, told of, merged, split, let go. Names and numbers are masked."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission, User
from notifier.app import App, open_app
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.commands.inquiring import household
from notifier.domain.errors import InputError
from notifier.settings import load_settings
from notifier.store import audit, departing, household_merging
from notifier.store.household_story import merges_of, read_home, story_of
from notifier.store.registry_changes import Said, history_of
from notifier.store.registry_search import FoundHousehold, asked, is_in, search
from notifier.store.reporting import region_names
from notifier.web.story_words import STATE_TEXT, Chapter, chapters

Who = Annotated[str, typer.Option("--by", help="the user who asks or decides; stands in the audit trail")]
__all__ = ["household"]
Why = Annotated[str, typer.Option("--why", help="the reason; stands in the household's history")]
Home = Annotated[int, typer.Argument(help="the household's number, as listed")]


@household.command("search")
def household_search(by: Who, as_json: AsJson = False) -> None:
    """Find households of the user's region by a name, phone, id or 户编号, read from standard input."""
    words = (typer.prompt("找谁", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()).strip()

    async def work(app: App, user: User) -> list[dict[str, Any]]:
        found: list[FoundHousehold] = []
        for what in asked(app.ledger, words):
            found = found or await search(app.ledger, what, user.region_code)
        async with app.ledger.writing() as c:
            detail = {"region": user.region_code, "n": len(found)}
            await audit.append(c, user.name, "household.search", detail, at=app.clock.now())
        return [plain(one) for one in found]

    rows = _permitted(by, Permission.HOUSEHOLDS, work, as_json)
    lines = [
        f"户 {one['household_id']:>8} {one['name']} {one['region_code']} {one['group_name'] or ''}" for one in rows
    ]
    answer(rows, as_json=as_json, text="\n".join(lines) or "没有找到")


@household.command("show")
def household_show(home: Home, by: Who, as_json: AsJson = False) -> None:
    """One household: who lives there, how they are reached, and its whole story, masked."""

    async def work(app: App, user: User) -> dict[str, Any]:
        await _in_scope(app, user, home)
        found, names = await read_home(app.ledger, home), await region_names(app.ledger)
        assert found is not None
        story = chapters(await story_of(app.ledger, home), await history_of(app.ledger, home), names)
        merges = [one.merge_id for one in await merges_of(app.ledger, home) if one.kept_id == home]
        place = names.get(found.region_code, found.region_code)
        return {**plain(found), "place": place, "story": [_told(chapter) for chapter in story], "merges": merges}

    said = _permitted(by, Permission.HOUSEHOLDS, work, as_json)
    lines = [f"户 {home} {said['place']} {said['group_name'] or ''} {STATE_TEXT.get(said['state'], said['state'])}"]
    for one in said["members"]:
        reached = "、".join(f"{reach['value']}({reach['state']})" for reach in one["reaches"]) or "没有电话和微信"
        lines.append(f"  成员 {one['person_id']} {one['name']} {one['relation'] or ''} {reached}")
    lines += [f"{one['on']} {one['campaign'] or ''} {'；'.join(one['lines'])}" for one in said["story"]]
    answer(said, as_json=as_json, text="\n".join(lines))


def _told(chapter: Chapter) -> dict[str, Any]:
    lines = [f"{line.label} {line.text}" for line in chapter.lines]
    return {"on": chapter.at.date().isoformat(), "campaign": chapter.campaign, "lines": lines}


@household.command("merge")
def household_merge(
    kept: Home, gone: Annotated[int, typer.Argument(help="the other one, which ends")], by: Who, why: Why,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Two households are one: the first is kept, with the other's people and what those were told."""

    async def work(app: App, user: User) -> int:
        await _in_scope(app, user, kept)
        await _in_scope(app, user, gone)
        return await household_merging.merge(app.ledger, kept, gone, Said(by, why, app.clock.now()))

    answer({"kept": kept, "merge": _permitted(by, Permission.REGISTER, work, as_json)}, as_json=as_json)


@household.command("unmerge")
def household_unmerge(
    kept: Home, merge: Annotated[int, typer.Argument(help="the merge's number")], by: Who, why: Why,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """They were two after all."""

    async def work(app: App, user: User) -> int:
        await _in_scope(app, user, kept)
        if merge not in [one.merge_id for one in await merges_of(app.ledger, kept)]:
            raise InputError(f"户 {kept} 没有编号为 {merge} 的并户")
        return await household_merging.unmerge(app.ledger, merge, Said(by, why, app.clock.now()))

    answer({"household": _permitted(by, Permission.REGISTER, work, as_json)}, as_json=as_json)


@household.command("split")
def household_split(
    home: Home, members: Annotated[list[int], typer.Argument(help="the persons who leave, their householder first")],
    by: Who, why: Why, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Some of a household's people are a household of their own."""
    _on_household(home, by, lambda app, said: household_merging.split(app.ledger, home, members, said), why, as_json)


@household.command("depart")
def household_depart(home: Home, by: Who, why: Why, as_json: AsJson = False) -> None:
    """The household moved away or ended: it is told nothing new, and its data is erased when its days are over."""
    _on_household(home, by, lambda app, said: departing.depart(app.ledger, home, said), why, as_json)


@household.command("erase")
def household_erase(home: Home, by: Who, why: Why, as_json: AsJson = False) -> None:
    """The personal data of a household that departed is gone now, for good."""
    _on_household(home, by, lambda app, said: departing.erase_household(app.ledger, home, said), why, as_json)


def _on_household(
    home: int, by: str, deed: Callable[[App, Said], Awaitable[int | None]], why: str, as_json: bool
) -> None:
    async def work(app: App, user: User) -> int:
        await _in_scope(app, user, home)
        return await deed(app, Said(by, why, app.clock.now())) or home

    answer({"household": _permitted(by, Permission.REGISTER, work, as_json)}, as_json=as_json)


async def _in_scope(app: App, user: User, home: int) -> None:
    if not await is_in(app.ledger, home, user.region_code):
        raise InputError(f"没有编号为 {home} 的户,或不在用户 {user.name} 管辖的地区内")


def _permitted(by: str, permission: Permission, work: Callable[[App, User], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_app(load_settings()) as app:
            return await work(app, await permitted(app.ledger, by, permission))

    return run(opened(), as_json=as_json)
