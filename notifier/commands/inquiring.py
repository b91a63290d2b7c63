"""Inquiries, and numbers to correct."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from notifier.accounts.desk import permitted
from notifier.accounts.roles import Permission, User
from notifier.app import App, open_app
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.errors import InputError
from notifier.domain.identity import read_phone
from notifier.domain.regions import level_of
from notifier.domain.replies import InquiryKind
from notifier.inquiries.answering import Given
from notifier.report.words import reason_text
from notifier.settings import load_settings
from notifier.store import corrections
from notifier.store.inquiries import region_of_inquiry
from notifier.store.registry_contacts import NewPhone, correct_phone
from notifier.store.registry_finding import region_of_person

inquiry = typer.Typer(no_args_is_help=True, help="咨询 投诉 建议: list, add, answer, settle, hand over.")
household = typer.Typer(no_args_is_help=True, help="Numbers of households that are wrong or dead.")

Who = Annotated[str, typer.Option("--by", help="the user who decides; stands in the audit trail")]
Number = Annotated[int, typer.Argument(help="its number, as listed")]
Region = Annotated[str, typer.Option(help="12-digit code")]
_COUNTY = "640425000000"


@inquiry.command("list")
def inquiry_list(region: Region = _COUNTY, settled: bool = False, after: int = 0, as_json: AsJson = False) -> None:
    """Inquiries that wait, or the settled ones, numbers and names masked; and the 办结率."""

    async def work(app: App) -> dict[str, Any]:
        rate = await app.inquiries.rate(_checked(region))
        found = await app.inquiries.waiting(region, settled=settled, after=after)
        # Contact and text are masked by now, which is why they may be told here.
        rows = [{**plain(one), "contact": one.contact, "text": one.text, "state_text": one.state_text} for one in found]
        return {"rate": plain(rate), "inquiries": rows}

    said = _with_app(work, as_json)
    rate = said["rate"]
    lines = [f"办结率 {rate['rate']}(收到 {rate['n_received']},办结 {rate['n_closed']},超期 {rate['n_overdue']})"]
    lines += [f"{one['inquiry_id']:>6} {one['kind']} {one['state_text']} {one['text']}" for one in said["inquiries"]]
    answer(said, as_json=as_json, text="\n".join(lines))


@inquiry.command("add")
def inquiry_add(
    by: Who,
    text: Annotated[str, typer.Option(prompt="内容", help="what was asked; asked for when not given")] = "",
    kind: Annotated[str, typer.Option(help="咨询, 投诉 or 建议")] = "咨询",
    channel: Annotated[str, typer.Option(help="电话, 窗口, 来信 …")] = "电话",
    as_json: AsJson = False,
) -> None:
    """Enter an inquiry that came by telephone, letter or at a counter; the user's own region answers for it."""
    if kind not in [one.value for one in InquiryKind]:
        raise typer.BadParameter("可用:咨询、投诉、建议")

    async def work(app: App, user: User) -> int | None:
        return await app.inquiries.add(Given(InquiryKind(kind), channel, user.region_code, text), by)

    answer({"inquiry": _permitted(by, work, as_json), "state": "open"}, as_json=as_json)


@inquiry.command("answer")
def inquiry_answer(
    number: Number, by: Who, text: Annotated[str, typer.Option(prompt="答复")] = "", as_json: AsJson = False
) -> None:
    """Answer it, through the way it came where that can be: sent, pending (tell them otherwise) or unsure."""
    delivery = _on_inquiry(number, by, lambda app: app.inquiries.answer(number, by, text), as_json)
    answer({"inquiry": number, "state": "answered", "delivery": delivery}, as_json=as_json)


@inquiry.command("close")
def inquiry_close(number: Number, by: Who, remark: str = "", as_json: AsJson = False) -> None:
    """Settle it; one that nobody answered needs a remark."""
    _on_inquiry(number, by, lambda app: app.inquiries.close(number, by, remark), as_json)
    answer({"inquiry": number, "state": "closed"}, as_json=as_json)


@inquiry.command("reopen")
def inquiry_reopen(number: Number, by: Who, remark: str = "", as_json: AsJson = False) -> None:
    """It is not settled after all."""
    _on_inquiry(number, by, lambda app: app.inquiries.reopen(number, by, remark), as_json)
    answer({"inquiry": number, "state": "reopened"}, as_json=as_json)


@inquiry.command("assign")
def inquiry_assign(
    number: Number, by: Who, region: Annotated[str, typer.Option(help="12-digit code")], as_json: AsJson = False
) -> None:
    """Let another region answer for it."""
    _on_inquiry(number, by, lambda app: app.inquiries.assign(number, by, _checked(region)), as_json)
    answer({"inquiry": number, "region": region}, as_json=as_json)


@household.command("corrections")
def corrections_list(region: Region = _COUNTY, after: int = 0, as_json: AsJson = False) -> None:
    """Numbers of a region that must be corrected, names and numbers masked."""

    async def work(app: App) -> list[dict[str, Any]]:
        found = await corrections.open_tasks(app.ledger, _checked(region), after=after)
        return [{**plain(one), "name": one.name, "phone": one.phone, "why": reason_text(one.reason)} for one in found]

    found = _with_app(work, as_json)
    lines = [f"{one['task_id']:>6} 成员 {one['person_id']} {one['name']} {one['phone']} {one['why']}" for one in found]
    answer(found, as_json=as_json, text="\n".join(lines) or "没有待更正的号码")


@household.command("correct-phone")
def household_correct_phone(
    person: Annotated[int, typer.Argument(help="the person's number, as listed")],
    by: Who,
    as_json: AsJson = False,
) -> None:
    """Correct a person's phone; the number is read from standard input, so that no history keeps it.

    What the household still waits for is told to the new number by itself.
    """
    number = (typer.prompt("新号码", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()).strip()

    async def work(app: App, user: User) -> int | None:
        region = await region_of_person(app.ledger, person)
        if region is None or not user.sees(region):
            raise InputError(f"没有编号为 {person} 的成员,或不在用户 {by} 管辖的地区内")
        above = app.settings.registry.shared_above
        return await correct_phone(app.ledger, NewPhone(person, read_phone(number), by), above, app.clock.now())

    answer({"person": person, "contact": _permitted(by, work, as_json)}, as_json=as_json)


@household.command("dismiss")
def household_dismiss(number: Number, by: Who, as_json: AsJson = False) -> None:
    """The number of this correction task is right after all."""

    async def work(app: App, user: User) -> None:
        region = await corrections.region_of_task(app.ledger, number)
        if region is None or not user.sees(region):
            raise InputError(f"没有编号为 {number} 的待更正号码,或不在用户 {by} 管辖的地区内")
        await corrections.dismiss_correction(app.ledger, number, by, app.clock.now())

    _permitted(by, work, as_json)
    answer({"task": number, "state": "dismissed"}, as_json=as_json)


def _checked(region: str) -> str:
    try:
        level_of(region)
    except ValueError:
        raise InputError(f"{region} 不是 12 位行政区划代码") from None
    return region


def _on_inquiry(number: int, by: str, work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def checked(app: App, user: User) -> Any:
        region = await region_of_inquiry(app.ledger, number)
        if region is None or not user.sees(region):
            raise InputError(f"没有编号为 {number} 的咨询,或不在用户 {by} 管辖的地区内")
        return await work(app)

    return _permitted(by, checked, as_json)


def _permitted(by: str, work: Callable[[App, User], Awaitable[Any]], as_json: bool) -> Any:
    async def checked(app: App) -> Any:
        return await work(app, await permitted(app.ledger, by, Permission.ANSWER))

    return _with_app(checked, as_json)


def _with_app(work: Callable[[App], Awaitable[Any]], as_json: bool) -> Any:
    async def opened() -> Any:
        async with open_app(load_settings()) as app:
            return await work(app)

    return run(opened(), as_json=as_json)
