"""Files that come with a form and go with an answer: written to a private place, never held whole."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from notifier.domain.errors import InputError
from notifier.web.sessions import CSRF_FIELD, FOREIGN_FORM, is_own_form

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_FIELD = 200
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with a file: the fields before it, what its owner calls it, and where it lies."""

    fields: Mapping[str, str]
    name: str
    path: Path


async def received(request: web.Request, folder: Path, most_mb: int) -> Sent:
    """The file of a form is in `folder`. Its token comes first, or nothing more is read (HTTPForbidden).

    Raises InputError (Chinese): no file, or one that is too large.
    """
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
        await _write(part, folder / "file", most_mb)
        return Sent(fields, name, folder / "file")
    raise web.HTTPForbidden(text=FOREIGN_FORM)


async def _write(part: BodyPartReader, path: Path, most_mb: int) -> None:
    n = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := await part.read_chunk(_MB):
            n += len(chunk)
            if n > most_mb * _MB:
                raise InputError(f"文件超过 {most_mb} MB；请分成几个文件，或由运维人员用命令导入")
            file.write(chunk)


def attachment(content: bytes, name: str) -> web.Response:
    """An answer that a browser keeps as an .xlsx of that name."""
    disposition = f"attachment; filename=\"file.xlsx\"; filename*=UTF-8''{quote(name)}"
    return web.Response(body=content, content_type=XLSX, headers={"Content-Disposition": disposition})
