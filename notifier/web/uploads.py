"""导入: a file is handed in, looked at before anything is saved, saved or thrown away; its rejected rows go back."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.store.audit import append
from notifier.store.registry_runs import read_rejected
from notifier.store.uploads import Upload, find_upload, list_uploads
from notifier.web.desk import DESK
from notifier.web.pages import render
from notifier.web.reports import path_number
from notifier.web.sessions import CSRF_FIELD, FOREIGN_FORM, demand, is_own_form, tell
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
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_FIELD = 200
_MB = 1024 * 1024


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
            kind, name, path = await _received(request, Path(folder))
            upload_id = await uploads.receive(user, kind, name, path)
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther("/uploads") from None
    raise web.HTTPSeeOther(f"/uploads/{upload_id}")


async def _received(request: web.Request, folder: Path) -> tuple[str, str, Path]:
    """(kind, the file's own name, where it lies): the token comes first, or nothing more is read."""
    if not request.content_type.startswith("multipart/"):
        raise web.HTTPBadRequest(text="请从页面上选择文件再提交")
    fields: dict[str, str] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise web.HTTPBadRequest(text="请从页面上选择文件再提交")
        if part.name != "file":
            fields[part.name or ""] = (await part.read_chunk(_LONGEST_FIELD)).decode("utf-8", "replace")
            continue
        if not await is_own_form(request, fields.get(CSRF_FIELD)):
            raise web.HTTPForbidden(text=FOREIGN_FORM)
        name = Path((part.filename or "").replace("\\", "/")).name
        if not name:
            raise InputError("请先选择一个文件")
        path = folder / "file"
        await _write(part, path, request.app[DESK].registry.upload_mb)
        return fields.get("kind", ""), name, path
    raise web.HTTPForbidden(text=FOREIGN_FORM)


async def _write(part: BodyPartReader, path: Path, most_mb: int) -> None:
    n = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := await part.read_chunk(_MB):
            n += len(chunk)
            if n > most_mb * _MB:
                raise InputError(f"文件超过 {most_mb} MB；请分成几个文件，或由运维人员用命令导入")
            file.write(chunk)


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
    name = quote(f"退回-{Path(upload.name).stem}.xlsx")
    disposition = f"attachment; filename=\"rejected-{upload.upload_id}.xlsx\"; filename*=UTF-8''{name}"
    return web.Response(body=content, content_type=_XLSX, headers={"Content-Disposition": disposition})


ROUTES = (
    web.get("/uploads", uploads_page),
    web.post("/uploads/file", do_receive),
    web.get(r"/uploads/{upload:\d{1,19}}", upload_page),
    web.post(r"/uploads/{upload:\d{1,19}}/{deed:save|discard|again}", do_upload),
    web.get(r"/uploads/{upload:\d{1,19}}/rejected.xlsx", rejected_workbook),
)
