"""What officers do about a visit: sign it off, say that nobody was met, excuse it, correct a number."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.domain.outcomes import EXCUSES, Reason
from notifier.store.visit_homes import places_of_visits
from notifier.store.visit_photos import Photo
from notifier.store.visits import ABSENCES, Report
from notifier.web.desk import DESK
from notifier.web.photos import small_photo
from notifier.web.reports import path_number
from notifier.web.sessions import demand, tell

HOW = ("当面告知", "电话告知", "家属转告")
_LONGEST_REMARK = 500
_MOST_VISITS = 20
COUNTY_TIME = ZoneInfo("Asia/Shanghai")
_KEPT = ("region", "group", "reason", "page")
_PERMISSIONS: Mapping[str, Permission] = {
    "sign": Permission.VISIT,
    "excuse": Permission.VISIT,
    "absent": Permission.VISIT,
    "phone": Permission.ANSWER,
    "confirm": Permission.EXCUSE,
    "decline": Permission.EXCUSE,
}


async def demand_visits(request: web.Request, user: User, visit_ids: Sequence[int]) -> int:
    """The household of the visits, all of it in the user's scope. Raises HTTPNotFound; HTTPBadRequest for several."""
    places = await places_of_visits(request.app[DESK].ledger, visit_ids)
    if len(places) != len(set(visit_ids)) or not all(user.sees(one.region_code) for one in places):
        raise web.HTTPNotFound
    if len({one.household_id for one in places}) != 1:
        raise web.HTTPBadRequest(text="一次只能签收同一户的任务")
    return places[0].household_id


async def do_visit(request: web.Request) -> web.Response:
    """POST /visits/{visit}/{deed}: done, or the list says why not; 404 outside the user's region.

    sign: how, remark, at, photo, also (other visits of the household); excuse, absent: reason, remark; phone: person,
    phone; confirm; decline. A form that comes again, by its `once`, does nothing and says the same.
    """
    deed = request.match_info["deed"]
    user = demand(request, _PERMISSIONS[deed])
    form = await request.post()
    said = {key: value.strip() for key, value in form.items() if isinstance(value, str)}
    visit_ids = [path_number(request, "visit"), *_numbers(form.getall("also", []))]
    household_id = await demand_visits(request, user, visit_ids)
    try:
        words = await _DEEDS[deed](request, (user.name, household_id, sorted(set(visit_ids))), said)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
    else:
        await tell(request, words)
    raise web.HTTPSeeOther(_back(said.get("list", "")))


def _numbers(said: Sequence[object]) -> list[int]:
    if len(said) > _MOST_VISITS or not all(isinstance(one, str) and one.isascii() and one.isdigit() for one in said):
        raise web.HTTPBadRequest
    return [int(str(one)) for one in said if len(str(one)) < 19]


def _back(listed: str) -> str:
    kept = {key: value for key, value in parse_qsl(listed[:300]) if key in _KEPT}
    return f"/visits?{urlencode(kept)}" if kept else "/visits"


_Of = tuple[str, int, Sequence[int]]
"""Who does it, for which household, and the visits; for most deeds there is one."""


def _report(request: web.Request, by: str, how: str, said: Mapping[str, str]) -> Report:
    remark = said.get("remark", "")[:_LONGEST_REMARK] or None
    return Report(by, _when(request, said.get("at", "")), how, remark, once=said.get("once", "")[:64] or None)


def _when(request: web.Request, said: str) -> datetime:
    """The instant that a form names in the county's time; now when it names none."""
    if not said:
        return request.app[DESK].clock.now()
    try:
        return datetime.strptime(said, "%Y-%m-%dT%H:%M").replace(tzinfo=COUNTY_TIME)
    except ValueError:
        raise InputError("入户时间写得不对;请按“年-月-日 时:分”填写,或留空表示现在") from None


async def _sign(request: web.Request, of: _Of, said: Mapping[str, str]) -> str:
    by, _, visit_ids = of
    if said.get("how") not in HOW:
        raise web.HTTPBadRequest(text="请选择告知方式")
    report = _report(request, by, said["how"], said)
    photo = (await request.post()).get("photo")
    if isinstance(photo, web.FileField):
        raw = photo.file.read()
        jpeg = await asyncio.to_thread(small_photo, raw) if raw else b""
        photo_kept = Photo(jpeg, by) if jpeg else None
        report = replace(report, photo=photo_kept)
    await request.app[DESK].visits.sign(visit_ids, report)
    return "已签收，该户计为已通知"


def _reason(said: Mapping[str, str], known: frozenset[Reason], what: str) -> Reason:
    reason = said.get("reason", "")
    if reason not in {one.value for one in known}:
        raise web.HTTPBadRequest(text=f"请选择{what}")
    return Reason(reason)


async def _each(deed: Callable[[int, Reason, Report], Awaitable[bool]], of: _Of, why: Reason, report: Report) -> None:
    """The deed on every visit of the household; the form's token is used up by the first."""
    first, *others = of[2]
    if await deed(first, why, report):
        for one in others:
            await deed(one, why, replace(report, once=None))


async def _excuse(request: web.Request, of: _Of, said: Mapping[str, str]) -> str:
    reason = _reason(said, EXCUSES, "免予通知的原因")
    await _each(request.app[DESK].visits.ask_excuse, of, reason, _report(request, of[0], "免通知", said))
    return "已提交，等待另一人复核"


async def _absent(request: web.Request, of: _Of, said: Mapping[str, str]) -> str:
    reason = _reason(said, ABSENCES, "没有遇到人的情况")
    await _each(request.app[DESK].visits.note_absence, of, reason, _report(request, of[0], "上门未遇", said))
    return "已记下，这一户仍在待入户名单里"


async def _phone(request: web.Request, of: _Of, said: Mapping[str, str]) -> str:
    person = said.get("person", "")
    if not (person.isascii() and person.isdigit() and len(person) < 19):
        raise web.HTTPBadRequest(text="请选择是谁的号码")
    await request.app[DESK].visits.correct_number(of[1], int(person), said.get("phone", ""), of[0])
    return "号码已更正，还没通知到的内容会自动发到新号码"


async def _confirm(request: web.Request, of: _Of, said: Mapping[str, str]) -> str:
    await request.app[DESK].visits.confirm_excuse(of[2][0], of[0])
    return "已复核，该户免予通知"


async def _decline(request: web.Request, of: _Of, said: Mapping[str, str]) -> str:
    await request.app[DESK].visits.decline_excuse(of[2][0], of[0])
    return "已退回，这一户仍需入户"


_DEEDS: Mapping[str, Callable[[web.Request, _Of, Mapping[str, str]], Awaitable[str]]] = {
    "sign": _sign,
    "excuse": _excuse,
    "absent": _absent,
    "phone": _phone,
    "confirm": _confirm,
    "decline": _decline,
}
