"""Deeds on one household: corrections, merge and split, departure and deletion. Each demands a reason (audited)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.domain.identity import normal_group, read_phone
from notifier.domain.rules import ATTRIBUTES, AttributeKind
from notifier.store import departing, household_merging
from notifier.store.household_story import merges_of, read_home
from notifier.store.registry_changes import Said
from notifier.store.registry_contacts import NewPhone, correct_phone
from notifier.store.registry_correcting import Place, drop_phone, move, relate, rename, set_attributes
from notifier.store.registry_search import is_in
from notifier.store.reporting import region_names
from notifier.web.desk import DESK, FrontDesk
from notifier.web.household import RELATIONS, chosen_row, seen_household
from notifier.web.pages import render
from notifier.web.sessions import demand, tell
from notifier.web.story_words import STATE_TEXT

_LONGEST_REASON = 200
_MOST = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A deed as it was asked for. `form` is what was typed; `row_id` the person or contact that it names."""

    desk: FrontDesk
    user: User
    household_id: int
    form: Mapping[str, str]
    row_id: int
    said: Said


async def _name(asked: _Asked) -> str:
    await rename(asked.desk.ledger, asked.row_id, asked.form.get("value", ""), asked.said)
    return "姓名已更正"


async def _phone(asked: _Asked) -> str:
    phone, said = read_phone(asked.form.get("value", "")), asked.said
    new = NewPhone(asked.row_id, phone, said.by_user, said.why)
    await correct_phone(asked.desk.ledger, new, asked.desk.registry.shared_above, said.at)
    return "电话已更正；该户还没收到的通知会自动发到新号码"


async def _relation(asked: _Asked) -> str:
    if asked.form.get("value", "") not in RELATIONS:
        raise InputError("请从列表中选择与户主关系")
    await relate(asked.desk.ledger, asked.row_id, asked.form["value"], asked.said)
    return "与户主关系已更正"


async def _place(asked: _Asked) -> str:
    village = asked.form.get("village", "")
    if not asked.user.sees(village):
        raise InputError("请选择您管辖地区内的行政村；迁到别处由上级操作")
    place = Place(village, normal_group(asked.form.get("group", "")))
    await move(asked.desk.ledger, asked.household_id, place, asked.said)
    return "住址已更正；未办结的入户和咨询已转到该村"


async def _attributes(asked: _Asked) -> str:
    values: dict[str, Decimal] = {}
    for one in ATTRIBUTES:
        said = asked.form.get(one.column)
        if said is None:
            continue
        try:
            number = Decimal(said.strip() or "0")
        except InvalidOperation:
            number = Decimal(-1)
        whole = one.kind is not AttributeKind.AREA
        if not number.is_finite() or not 0 <= number <= _MOST or (whole and number != int(number)):
            raise InputError(f"“{one.name}”不是合理的数字，没有保存；请核对")
        values[one.column] = number
    n = await set_attributes(asked.desk.ledger, asked.household_id, values, asked.said)
    return f"已更正 {n} 项" if n else "没有改动"


async def _drop(asked: _Asked) -> str:
    await drop_phone(asked.desk.ledger, asked.row_id, asked.desk.registry.shared_above, asked.said)
    return "号码已停用；该户还没收到的通知改发其他号码，没有其他号码的转入户"


async def _merge(asked: _Asked) -> str:
    other = _number(asked.form.get("other", ""))
    await _demand_in_scope(asked, other)
    await household_merging.merge(asked.desk.ledger, asked.household_id, other, asked.said)
    return f"已把编号 {other} 的户并入本户；如有差错可以撤销"


async def _unmerge(asked: _Asked) -> str:
    merge_id = _number(asked.form.get("merge", ""))
    if merge_id not in [one.merge_id for one in await merges_of(asked.desk.ledger, asked.household_id)]:
        raise web.HTTPNotFound
    gone = await household_merging.unmerge(asked.desk.ledger, merge_id, asked.said)
    return f"已撤销并户，编号 {gone} 的户恢复在册"


async def _split(asked: _Asked) -> str:
    persons = [_number(one) for one in asked.form.get("members", "").split(",") if one]
    new = await household_merging.split(asked.desk.ledger, asked.household_id, persons, asked.said)
    return f"已分户，新户编号 {new}；请到新户页面补填面积、养殖等情况"


async def _depart(asked: _Asked) -> str:
    await departing.depart(asked.desk.ledger, asked.household_id, asked.said)
    return "已登记迁出，不再发送新通知；个人资料到期自动删除，也可以应本人要求立即删除"


async def _back(asked: _Asked) -> str:
    await departing.come_back(asked.desk.ledger, asked.household_id, asked.said)
    return "已恢复登记"


async def _erase(asked: _Asked) -> str:
    await departing.erase_household(asked.desk.ledger, asked.household_id, asked.said)
    return "个人资料已删除；发放和通知的记录只保留数字"


async def _unbind(asked: _Asked) -> str:
    await departing.unbind(asked.desk.ledger, asked.row_id, asked.said)
    return "已解除微信绑定"


async def _forget(asked: _Asked) -> str:
    found = await departing.forget_follower(asked.desk.ledger, asked.row_id, asked.said)
    return f"该微信的资料已删除（{found.n_contacts} 处绑定）"


_DEEDS: Mapping[str, tuple[Permission, str, Callable[[_Asked], Awaitable[str]]]] = {
    "name": (Permission.CORRECT, "person", _name),
    "phone": (Permission.CORRECT, "person", _phone),
    "relation": (Permission.CORRECT, "person", _relation),
    "place": (Permission.CORRECT, "", _place),
    "attributes": (Permission.CORRECT, "", _attributes),
    "drop": (Permission.CORRECT, "contact", _drop),
    "merge": (Permission.REGISTER, "", _merge),
    "unmerge": (Permission.REGISTER, "", _unmerge),
    "split": (Permission.REGISTER, "", _split),
    "depart": (Permission.REGISTER, "", _depart),
    "back": (Permission.REGISTER, "", _back),
    "erase": (Permission.REGISTER, "", _erase),
    "unbind": (Permission.REGISTER, "contact", _unbind),
    "forget": (Permission.REGISTER, "contact", _forget),
}
"""deed -> (permission, the row that the form names, what is done)."""


async def do_correct(request: web.Request) -> web.Response:
    """POST /households/{household}/{deed}: done with its history, or the page says why not; always a reason (why)."""
    permission, table, deed = _DEEDS[request.match_info["deed"]]
    user = demand(request, permission)
    household_id = await seen_household(request, user)
    posted = await request.post()
    form = {key: str(value) for key, value in posted.items()}
    form["members"] = ",".join(str(one) for one in posted.getall("member", []))
    desk = request.app[DESK]
    row_id = 0
    if table:
        found, row_id = await chosen_row(request, form, household_id)
        if found != table:
            raise web.HTTPBadRequest(text="请从页面上选择成员或号码")
    try:
        said = Said(user.name, form.get("why", "").strip()[:_LONGEST_REASON], desk.clock.now())
        await tell(request, await deed(_Asked(desk, user, household_id, form, row_id, said)))
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
    raise web.HTTPSeeOther(f"/households/{household_id}")


def _number(said: str) -> int:
    said = said.strip()
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise InputError("请填写户的编号（数字，见户的页面标题）")
    return int(said)


async def _demand_in_scope(asked: _Asked, other: int) -> None:
    if not await is_in(asked.desk.ledger, other, asked.user.region_code):
        raise InputError(f"您管辖的地区内没有编号为 {other} 的户")


async def merge_page(request: web.Request) -> web.Response:
    """GET /households/{household}/merge?other=: both households beside each other, before they become one."""
    user = demand(request, Permission.REGISTER)
    household_id = await seen_household(request, user)
    ledger, said = request.app[DESK].ledger, request.query.get("other", "")
    other = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
    if other == household_id or not await is_in(ledger, other, user.region_code):
        await tell(request, "您管辖的地区内没有这个编号的另一户", is_error=True)
        raise web.HTTPSeeOther(f"/households/{household_id}")
    homes = [await read_home(ledger, one) for one in (household_id, other)]
    names = await region_names(ledger)
    return await render(
        request, "household_merge.html", homes=homes, names=names, attributes=ATTRIBUTES, STATE_TEXT=STATE_TEXT
    )


ROUTES = (
    web.get(r"/households/{household:\d{1,19}}/merge", merge_page),
    web.post(rf"/households/{{household:\d{{1,19}}}}/{{deed:{'|'.join(_DEEDS)}}}", do_correct),
)
