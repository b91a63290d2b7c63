"""A watched folder of payment workbooks. Files are only read: never moved, renamed or changed."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

from notifier.domain.benefits import Finding
from notifier.domain.errors import InputError, SourceError
from notifier.domain.free_text import masked
from notifier.sources.definitions import FolderDefinition
from notifier.sources.looking import LeftOut, Means
from notifier.sources.payment_findings import findings_of
from notifier.sources.payments import read_payments

SUFFIXES = frozenset((".xlsx", ".xls", ".csv", ".et", ".xlsm"))
MOST_BYTES = 200 * 1024 * 1024


class FolderSource:
    """Watches one folder. A file whose content was read before is not parsed again, whatever its name."""

    def __init__(self, definition: FolderDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self._means = means

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The batches of every settled file that `memory` does not hold as it is now, the oldest file first.

        The folder is made when nothing was read from it yet; one that is gone later is a SourceError, for it may be a
        share that came loose. A damaged file is left out and its neighbours are read.
        """
        self.left_out = []
        read = set(memory.get("read", "").split())
        for path, key in await asyncio.to_thread(self._settled, is_first=not read):
            if key in read:
                continue
            content = await asyncio.to_thread(self._content, path)
            for finding in await self._findings(masked(path.name), content) if content is not None else ():
                read.add(key)
                yield replace(finding, memory={"read": " ".join(sorted(read))})

    def _settled(self, *, is_first: bool) -> list[tuple[Path, str]]:
        """Files that nobody is writing any more, by time of change; the others are left for the next look."""
        folder = self.definition.path
        try:
            if is_first:
                folder.mkdir(parents=True, exist_ok=True)
            stats = {path: path.stat() for path in folder.iterdir() if _is_workbook(path)}
        except OSError as error:
            why = error.strerror or "未知原因"
            raise SourceError(f"打不开文件夹 {folder.name}（{why}）；请检查它是否存在、有没有权限") from None
        latest = self._means.clock.now().timestamp() - self.definition.settle.total_seconds()
        settled = [(stat.st_mtime_ns, path) for path, stat in stats.items() if stat.st_mtime <= latest]
        for path in sorted(set(stats) - {path for _, path in settled}):
            self.left_out.append(LeftOut(masked(path.name), "文件还在写入，下次再看", again=True))
        return [(path, _key(path, stats[path])) for _, path in sorted(settled)]

    def _content(self, path: Path) -> bytes | None:
        try:
            before = path.stat()
            content = path.read_bytes() if before.st_size <= MOST_BYTES else None
            after = path.stat()
        except OSError:
            self.left_out.append(LeftOut(masked(path.name), "文件暂时打不开，下次再看", again=True))
            return None
        if content is None:
            self.left_out.append(LeftOut(masked(path.name), "文件超过200MB，没有读取；请拆分后再放入", again=False))
        elif _key(path, before) != _key(path, after):
            self.left_out.append(LeftOut(masked(path.name), "文件还在写入，下次再看", again=True))
            return None
        return content

    async def _findings(self, name: str, content: bytes) -> list[Finding]:
        try:
            workbook = await asyncio.to_thread(read_payments, content, name, self._means.payments)
        except InputError as error:
            self.left_out.append(LeftOut(name, str(error), again=False))
            return []
        found = findings_of(self.name, content, workbook, self._means.clock.now())
        if not found:
            self.left_out.append(LeftOut(name, f"{workbook.n_rows}行全部不可用；可用导入命令取回逐行原因", again=False))
        return found


def _key(path: Path, stat: os.stat_result) -> str:
    said = f"{path.name}|{stat.st_size}|{stat.st_mtime_ns}"
    return hashlib.blake2b(said.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _is_workbook(path: Path) -> bool:
    # "~$…" is how an office program marks a file that it has open.
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(("~$", ".")) and path.is_file()
