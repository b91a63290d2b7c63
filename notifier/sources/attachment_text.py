"""What an attachment says: text of pdf, docx and workbooks, payment lines where it is a payment list."""

import asyncio
import io
import json
import re
import subprocess
import sys
import zipfile
from itertools import islice
from pathlib import Path

from notifier.domain.benefits import Attachment, AttachmentKind
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked_published
from notifier.sources.headers import HeaderAliases
from notifier.sources.lines import read_lines
from notifier.sources.payments import read_payments

_READER = Path(__file__).with_name("apart_text.py")
_LONGEST_S = 90
_MOST_ROWS = 300
_BOOKS = frozenset((".xls", ".xlsx", ".et", ".csv", ".xlsm"))
_ENDS = {
    "password": "文件有密码，只保存不读取",
    "damaged": "文件损坏或不是它的扩展名所说的格式，只保存不读取",
    "scanned": "文件里没有文字（可能是扫描件），请人工查看",
}
_PEOPLE = re.compile(r"姓\s*名|户\s*主")
_OF_EACH = re.compile(r"身份证|证件号|账\s*号|卡\s*号|金\s*额|联系电话|手机")
_ROSTER_WITHIN = 3000
_ROSTER = "是人员名单，加密保存，不读取内容"
_UNREAD = {".doc": "旧版 Word 文件，只保存不读取", ".wps": "WPS 文件，只保存不读取"}


async def read_attachment(name: str, url: str, content: bytes, aliases: HeaderAliases) -> Attachment:
    """The attachment with what could be read of it, masked; `why` says what could not. Raises nothing.

    A hostile file is read in a process of its own, with limits of memory and time.
    """
    suffix = suffix_of(name, content)
    if suffix in _BOOKS:
        return await asyncio.to_thread(_book, name, url, content, aliases)
    if suffix not in (".pdf", ".docx"):
        why = _UNREAD.get(suffix, "这种格式只保存不读取")
        return Attachment(name, url, content, AttachmentKind.OTHER, "", 0, why)
    said = await asyncio.to_thread(_apart, suffix[1:], content)
    if text := said.get("text"):
        return _text(name, url, content, text)
    why = _ENDS.get(said.get("end", ""), _ENDS["damaged"])
    return Attachment(name, url, content, AttachmentKind.OTHER, "", 0, why)


def suffix_of(name: str, content: bytes) -> str:
    """The ending by which an attachment is read, in lower case: what it is by its first bytes wins over its name."""
    if content.startswith(b"%PDF"):
        return ".pdf"
    named = Path(name).suffix.lower()
    if content.startswith(b"PK"):
        return _packed(content) or named
    return named


def _packed(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return None
    if any(one.startswith("word/") for one in names):
        return ".docx"
    return ".xlsx" if any(one.startswith("xl/") for one in names) else None


def _apart(kind: str, content: bytes) -> dict[str, str]:
    try:
        done = subprocess.run(
            (sys.executable, "-I", str(_READER), kind),
            input=content,
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
        said = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return {"end": "damaged"}
    return said if isinstance(said, dict) else {"end": "damaged"}


def _book(name: str, url: str, content: bytes, aliases: HeaderAliases) -> Attachment:
    """A payment list keeps its rows to itself: its text would be a list of people."""
    try:
        n_lines = sum(len(batch.lines) for batch in read_payments(content, name, aliases).batches)
    except InputError:
        n_lines = 0
    if n_lines:
        return Attachment(name, url, content, AttachmentKind.PAYMENTS, "", n_lines, None)
    try:
        lines = read_lines(content, name)
        rows = ["\t".join("" if one is None else str(one) for one in line.cells) for line in islice(lines, _MOST_ROWS)]
        lines.close()
    except InputError as error:
        return Attachment(name, url, content, AttachmentKind.OTHER, "", 0, masked_published(str(error)))
    return _text(name, url, content, "\n".join(row.strip() for row in rows if row.strip()))


def _text(name: str, url: str, content: bytes, text: str) -> Attachment:
    """A list of people is kept sealed only; of any other text what could be a person's number is masked."""
    head = text[:_ROSTER_WITHIN]
    if _PEOPLE.search(head) and _OF_EACH.search(head):
        return Attachment(name, url, content, AttachmentKind.OTHER, "", 0, _ROSTER)
    return Attachment(name, url, content, AttachmentKind.TEXT, masked_published(text), 0, None)
