"""One household's page: who lives there, how they are reached, and its whole story; a value in clear with a reason."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.rules import ATTRIBUTES, AttributeKind
from notifier.store.audit import append
from notifier.store.household_story import merges_of, read_home, reveal, story_of
from notifier.store.registry_changes import history_of, without_persons
from notifier.store.registry_regions import read_regions
from notifier.store.registry_search import home_of, is_in
from notifier.store.reporting import region_names
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.registry import villages_of
from notifier.web.reports import path_number
from notifier.web.sessions import demand, tell
from notifier.web.story_words import REACH_TEXT, STATE_TEXT, chapters

RELATIONS = ("户主", "配偶", "子", "女", "父", "母", "儿媳", "女婿", "孙子", "孙女", "其他")
REASONS = ("核实身份", "联系农户", "更正资料", "农户本人来问", "核对发放", "其他")
_LONGEST_REASON = 200
_CHAPTERS = 40
_CLEAR_TEXT = {"name": "姓名", "id": "证件号", "card": "银行账号", "value": "电话"}


async def seen_household(request: web.Request, user: User) -> int:
    """The household of the path, in the user's region. Raises HTTPNotFound."""
    household_id = path_number(request, "household")
    if not await is_in(request.app[DESK].ledger, household_id, user.region_code):
        raise web.HTTPNotFound
    return household_id


async def household_page(request: web.Request) -> web.Response:
    """GET /households/{household}: the household with its story, masked; 404 outside the user's region."""
    user = demand(request, Permission.HOUSEHOLDS)
    household_id = await seen_household(request, user)
    n = _CHAPTERS * (50 if request.query.get("all") == "1" else 1)
    return await show(request, user, household_id, {}, n)


async def show(
    request: web.Request, user: User, household_id: int, clear: Mapping[str, str], n_chapters: int = _CHAPTERS
) -> web.Response:
    """The page; `clear` are values that were just revealed, by what they are called."""
    ledger = request.app[DESK].ledger
    home = await read_home(ledger, household_id)
    if home is None:
        raise web.HTTPNotFound
    names = await region_names(ledger)
    story = chapters(await story_of(ledger, household_id), await history_of(ledger, household_id), names)
    return await render(
        request,
        "household.html",
        home=home,
        names=names,
        story=story[:n_chapters],
        n_chapters=len(story),
        clear=clear,
        merges=await merges_of(ledger, household_id),
        villages=villages_of(user, await read_regions(ledger)) if user.may(Permission.CORRECT) else [],
        attributes=ATTRIBUTES,
        is_flag=AttributeKind.FLAG,
        relations=RELATIONS,
        reasons=REASONS,
        STATE_TEXT=STATE_TEXT,
        REACH_TEXT=REACH_TEXT,
    )


async def do_reveal(request: web.Request) -> web.Response:
    """POST /households/{household}/reveal: person or contact, and a reason -> the page with that in clear, audited."""
    user = demand(request, Permission.REVEAL)
    household_id = await seen_household(request, user)
    form = {key: str(value) for key, value in (await request.post()).items()}
    reason, remark = form.get("reason", ""), form.get("remark", "").strip()[:_LONGEST_REASON]
    if reason not in REASONS or (reason == "其他" and not remark):
        await tell(request, "查看完整信息要选择原因；选“其他”时请写明", is_error=True)
        raise web.HTTPSeeOther(f"/households/{household_id}")
    table, row_id = await chosen_row(request, form, household_id)
    desk = request.app[DESK]
    values = await reveal(desk.ledger, table, row_id)
    detail: dict[str, Any] = {"household": household_id, table: row_id, "reason": reason}
    if remark:
        detail["remark"] = await without_persons(desk.ledger, household_id, remark)
    async with desk.ledger.writing() as c:
        await append(c, user.name, "household.reveal", detail, at=desk.clock.now())
    clear = {_CLEAR_TEXT[what]: value for what, value in values.items()}
    return await show(request, user, household_id, clear)


async def chosen_row(request: web.Request, form: Mapping[str, str], household_id: int) -> tuple[str, int]:
    """("person" or "contact", id) that the form names, of this household. Raises HTTPBadRequest, HTTPNotFound."""
    for table in ("contact", "person"):
        said = form.get(table, "")
        if said:
            if not (said.isascii() and said.isdigit() and len(said) < 19):
                raise web.HTTPBadRequest(text="请从页面上选择成员或号码")
            if await home_of(request.app[DESK].ledger, table, int(said)) != household_id:
                raise web.HTTPNotFound
            return table, int(said)
    raise web.HTTPBadRequest(text="请先选择一位成员或一个号码")


ROUTES = (
    web.get(r"/households/{household:\d{1,19}}", household_page),
    web.post(r"/households/{household:\d{1,19}}/reveal", do_reveal),
)
