"""The queue that people work off: 待核对 payments."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.money import yuan
from notifier.domain.regions import level_of
from notifier.match.worklist import export_queue, import_decisions
from notifier.store.audit import append
from notifier.store.unmatched import count_unmatched, list_unmatched, refuse, resolve
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.receiving import attachment, received
from notifier.web.reports import path_number
from notifier.web.sessions import demand, tell

_PAGE = 50
_LONGEST_REMARK = 500
_MOST_MB = 8


def _demand_matching(request: web.Request) -> User:
    """A line in the queue has no household yet and so no village: only who sees the whole county may settle it."""
    user = demand(request, Permission.MATCH)
    if level_of(user.region_code) not in ("county", "city", "province"):
        raise web.HTTPNotFound
    return user


def _after(request: web.Request) -> int:
    wanted = request.query.get("after", "0")
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0


async def matching_page(request: web.Request) -> web.Response:
    """GET /matching: payment lines that found nobody or several, masked, with candidates."""
    _demand_matching(request)
    ledger = request.app[DESK].ledger
    found = await list_unmatched(ledger, after=_after(request), limit=_PAGE)
    counts = await count_unmatched(ledger)
    more = found[-1].payment_id if len(found) == _PAGE else None
    return await render(request, "matching.html", found=found, counts=counts, more=more, yuan=yuan)


async def do_match(request: web.Request) -> web.Response:
    """POST /matching/{payment}/{deed}: resolve to the chosen person, or refuse with a reason."""
    user = _demand_matching(request)
    ledger, payment_id = request.app[DESK].ledger, path_number(request, "payment")
    form = await request.post()
    deed: Awaitable[object]
    if request.match_info["deed"] == "resolve":
        person = str(form.get("person", ""))
        if not (person.isascii() and person.isdigit() and len(person) < 19):
            raise web.HTTPBadRequest(text="请先选择一位候选人")
        deed, words = resolve(ledger, payment_id, int(person), user.name), "已核对，该户将补发通知"
    else:
        reason = str(form.get("reason", "")).strip()[:_LONGEST_REMARK]
        deed, words = refuse(ledger, payment_id, reason, user.name), "已标记为非本县登记农户，不再通知"
    await attempt(request, deed, words)
    raise web.HTTPSeeOther("/matching")


async def queue_workbook(request: web.Request) -> web.Response:
    """GET /matching/queue.xlsx: the queue to decide in a spreadsheet, masked."""
    user = _demand_matching(request)
    desk = request.app[DESK]
    content = await export_queue(desk.ledger)
    async with desk.ledger.writing() as c:
        await append(c, user.name, "matching.export", {"bytes": len(content)}, at=desk.clock.now())
    return attachment(content, "待核对明细.xlsx")


async def do_decisions(request: web.Request) -> web.Response:
    """POST /matching/decisions (multipart: _csrf, file): what the workbook decides is decided; bad rows come back."""
    user = _demand_matching(request)
    ledger = request.app[DESK].ledger
    try:
        with TemporaryDirectory(prefix="decisions-") as folder:
            sent = await received(request, Path(folder), _MOST_MB)
            content = await asyncio.to_thread(sent.path.read_bytes)
        done = await import_decisions(ledger, content, masked(sent.name), user.name)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/matching") from None
    words = f"已核对 {done.n_resolved} 笔，不是本县农户 {done.n_refused} 笔，留待以后 {done.n_left} 笔"
    await tell(request, f"{words}，有问题退回 {done.n_rejected} 笔", is_error=bool(done.n_rejected))
    if done.rejected is not None:
        return attachment(done.rejected, "退回-待核对明细.xlsx")
    raise web.HTTPSeeOther("/matching")


ROUTES = (
    web.get("/matching", matching_page),
    web.get("/matching/queue.xlsx", queue_workbook),
    web.post("/matching/decisions", do_decisions),
    web.post(r"/matching/{payment:\d{1,19}}/{deed:resolve|refuse}", do_match),
)
