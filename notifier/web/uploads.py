"""导入: a file is handed in, looked at before anything is saved, saved or thrown away; its rejected rows go back."""

from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.store.audit import append
from notifier.store.registry_runs import read_rejected
from notifier.store.uploads import Upload, find_upload, list_uploads
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.receiving import attachment, received
from notifier.web.reports import path_number
from notifier.web.sessions import demand, tell
from notifier.web.upload_desk import UploadDesk

KIND_TEXT = {"households": "农户花名册", "payments": "一卡通发放清单"}
STATE_TEXT = {
    "reading": "正在读取",
    "shown": "待确认",
    "saving": "正在保存",
    "saved": "已导入",
    "failed": "没有完成",
    "discarded": "已丢弃",
}


def _desk(request: web.Request) -> UploadDesk:
    desk = request.app[DESK].uploads
    if desk is None:
        raise web.HTTPServiceUnavailable(text="本机不处理导入；请换一个地址或联系运维人员")
    return desk


async def uploads_page(request: web.Request) -> web.Response:
    """GET /uploads: hand in a file; and one's own latest."""
    user = demand(request, Permission.REGISTER)
    desk = request.app[DESK]
    return await render(
        request,
        "uploads.html",
        found=await list_uploads(desk.ledger, user.name),
        kinds=KIND_TEXT,
        STATE_TEXT=STATE_TEXT,
        most_mb=desk.registry.upload_mb,
        may_pay=user.region_code.endswith("000000"),
    )


async def do_receive(request: web.Request) -> web.Response:
    """POST /uploads/file (multipart: _csrf, kind, file): the file is being read; goes on to its page."""
    user = demand(request, Permission.REGISTER)
    uploads = _desk(request)
    try:
        with TemporaryDirectory(prefix="receiving-") as folder:
            sent = await received(request, Path(folder), request.app[DESK].registry.upload_mb)
            upload_id = await uploads.receive(user, sent.fields.get("kind", ""), sent.name, sent.path)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/uploads") from None
    raise web.HTTPSeeOther(f"/uploads/{upload_id}")


async def _own(request: web.Request) -> tuple[User, Upload]:
    user = demand(request, Permission.REGISTER)
    upload = await find_upload(request.app[DESK].ledger, path_number(request, "upload"), user.name)
    if upload is None:
        raise web.HTTPNotFound
    return user, upload


async def upload_page(request: web.Request) -> web.Response:
    """GET /uploads/{upload}: what the file would do, or did; one's own only, anybody else's is 404."""
    _, upload = await _own(request)
    desk = request.app[DESK]
    return await render(
        request,
        "upload.html",
        upload=upload,
        report=upload.report,
        is_asleep=upload.is_asleep(desk.clock.now()),
        kinds=KIND_TEXT,
        STATE_TEXT=STATE_TEXT,
        rejected_days=desk.registry.rejected_days,
    )


async def do_upload(request: web.Request) -> web.Response:
    """POST /uploads/{upload}/{deed}: save, discard or again."""
    user, upload = await _own(request)
    uploads, deed = _desk(request), request.match_info["deed"]
    try:
        if deed == "save":
            await uploads.save(upload.upload_id, user)
        elif deed == "discard":
            await uploads.discard(upload.upload_id, user)
            await tell(request, "已丢弃，登记没有任何改动")
            raise web.HTTPSeeOther("/uploads")
        else:
            await uploads.begin_again(upload.upload_id, user)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
    raise web.HTTPSeeOther(f"/uploads/{upload.upload_id}")


async def rejected_workbook(request: web.Request) -> web.Response:
    """GET /uploads/{upload}/rejected.xlsx: rows that came back, for their uploader alone; audited."""
    user, upload = await _own(request)
    desk = request.app[DESK]
    content = None if upload.run_id is None else await read_rejected(desk.ledger, upload.run_id, user.name)
    if content is None:
        raise web.HTTPNotFound(text="没有退回的行，或已过保存期限")
    async with desk.ledger.writing() as c:
        await append(c, user.name, "upload.rejected", {"upload": upload.upload_id}, at=desk.clock.now())
    return attachment(content, f"退回-{Path(upload.name).stem}.xlsx")


ROUTES = (
    web.get("/uploads", uploads_page),
    web.post("/uploads/file", do_receive),
    web.get(r"/uploads/{upload:\d{1,19}}", upload_page),
    web.post(r"/uploads/{upload:\d{1,19}}/{deed:save|discard|again}", do_upload),
    web.get(r"/uploads/{upload:\d{1,19}}/rejected.xlsx", rejected_workbook),
)
