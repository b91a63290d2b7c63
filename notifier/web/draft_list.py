"""A draft for exactly the households of an uploaded list; rows that mean nobody go back to their uploader."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from aiohttp import web

from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.rules import Listed
from notifier.registry.handing_in import HandedIn
from notifier.registry.name_lists import import_list
from notifier.store.audit import append
from notifier.store.name_lists import stored_lists
from notifier.store.registry_runs import read_rejected
from notifier.web.desk import DESK
from notifier.web.drafts import NAME, author_of, own_draft
from notifier.web.sessions import tell

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_RUN = 18


async def upload_list(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/list (multipart: name, file): the list is kept, and the draft is for its households."""
    user, found = await own_draft(request)
    desk, form = request.app[DESK], await request.post()
    file, name = form.get("file"), str(form.get("name", "")).strip()
    back = f"/drafts/{found.campaign_id}/audience"
    try:
        if not isinstance(file, web.FileField) or not file.filename:
            raise InputError("请先选择名单文件（Excel 或 CSV，不超过 1 MB）")
        await _check_free(request, name, user.name)
        with TemporaryDirectory(prefix="list-") as folder:
            path = Path(folder) / "file"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
                kept.write(file.file.read())
            called = masked(Path(file.filename.replace("\\", "/")).name)
            handed = HandedIn(path, called, user.name, user.region_code)
            report = await import_list(desk.ledger, handed, name, desk.registry, desk.clock)
        await desk.drafts.save_audience(found, author_of(user), Listed(report.name))
    except InputError as refused:
        await tell(request, str(refused), is_error=True)
        raise web.HTTPSeeOther(back) from None
    async with desk.ledger.writing() as c:
        what = {"campaign": found.campaign_id, "rows": report.n_rows, "rejected": report.n_rejected}
        await append(c, user.name, "list.upload", what, at=desk.clock.now())
    await tell(request, f"名单“{report.name}”对上 {report.n_households} 户，{report.n_rejected} 行没有对上")
    raise web.HTTPSeeOther(f"{back}?run={report.run_id}" if report.n_rejected else back)


async def _check_free(request: web.Request, name: str, who: str) -> None:
    """Raises InputError when the name is that of somebody else's list: uploading would replace it."""
    lists = await stored_lists(request.app[DESK].ledger)
    if any(one.name == " ".join(name.split()) and one.by_user not in (None, who) for one in lists):
        raise InputError(f"已有别人上传的同名名单“{name}”；请换个名称")


async def rejected_rows(request: web.Request) -> web.Response:
    """GET /drafts/{campaign}/rejected.xlsx?run=: rows that meant nobody, for their uploader alone; audited."""
    user, found = await own_draft(request)
    desk, wanted = request.app[DESK], request.query.get("run", "")
    is_number = wanted.isascii() and wanted.isdigit() and len(wanted) <= _LONGEST_RUN
    content = await read_rejected(desk.ledger, int(wanted), user.name) if is_number else None
    if content is None:
        raise web.HTTPNotFound(text="没有退回的行，或已过保存期限")
    async with desk.ledger.writing() as c:
        what = {"campaign": found.campaign_id, "run": int(wanted)}
        await append(c, user.name, "list.rejected", what, at=desk.clock.now())
    disposition = f"attachment; filename=\"rejected.xlsx\"; filename*=UTF-8''{quote('名单退回.xlsx')}"
    return web.Response(body=content, content_type=_XLSX, headers={"Content-Disposition": disposition})


ROUTES = (
    web.post(rf"{NAME}/list", upload_list),
    web.get(rf"{NAME}/rejected.xlsx", rejected_rows),
)
