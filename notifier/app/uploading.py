"""Files that a browser hands in: sealed in the ledger, previewed and saved beside the requests, a process at a time."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from notifier.accounts.roles import User
from notifier.domain.benefits import AuditState
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.regions import level_of
from notifier.registry.handing_in import HandedIn
from notifier.registry.importing import import_households
from notifier.registry.previewing import preview_households
from notifier.settings import Settings
from notifier.sources.headers import load_aliases
from notifier.store import uploads
from notifier.store.ledger import Ledger
from notifier.store.matching import forget_failures
from notifier.store.uploads import Ended, Received, Upload
from notifier.watch.importing import Handed, import_payments
from notifier.watch.previewing import preview_payments

_log = structlog.get_logger("uploads")
_WIDE = ("county", "city", "province")
_SUFFIXES = (".xlsx", ".xls", ".csv")


class _StoppedError(Exception):
    """The process ends; another one may go on."""


class _Beating:
    """The Progress of an upload: the ledger sees that somebody is at it, and a stop ends it between two batches."""

    def __init__(self, desk: "UploadDesk", upload_id: int) -> None:
        self._desk, self._upload_id, self._n = desk, upload_id, 0

    def advance(self, n_done: int) -> None:
        if self._desk.stopping:
            raise _StoppedError
        self._n += n_done
        self._desk.start(self._beat())

    async def _beat(self) -> None:
        await uploads.beat(self._desk.ledger, self._upload_id, self._n, self._desk.clock.now())


class UploadDesk:
    """See `web.upload_desk.UploadDesk`; one file at a time in a process, so that a county's roster leaves room."""

    def __init__(self, ledger: Ledger, clock: Clock, settings: Settings) -> None:
        self.ledger, self.clock, self.stopping = ledger, clock, False
        self._settings = settings
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None]) -> None:
        """The work goes on beside whoever asked for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def receive(self, user: User, kind: str, name: str, path: Path) -> int:
        """See the Protocol. Raises InputError for another kind of file, and for payments outside the county's desk."""
        if kind not in uploads.KINDS or not name.lower().endswith(_SUFFIXES):
            raise InputError("请选择 .xlsx、.xls 或 .csv 文件")
        if kind == "payments" and level_of(user.region_code) not in _WIDE:
            raise InputError("发放清单由县级导入；乡镇可以把清单交给县级管理员")
        content = await asyncio.to_thread(path.read_bytes)
        if not content:
            raise InputError("文件是空的；请重新选择")
        upload_id = await uploads.next_upload_id(self.ledger)
        sealed = await asyncio.to_thread(uploads.seal_upload, self.ledger, upload_id, content)
        new = Received(kind, masked(Path(name).name)[:120], user.name, user.region_code, content)
        await uploads.keep_upload(self.ledger, new, (upload_id, sealed), self.clock.now())
        self.start(self._work(upload_id, user, self._preview))
        return upload_id

    async def begin_again(self, upload_id: int, user: User) -> None:
        """See the Protocol."""
        upload = await self._own(upload_id, user)
        if not upload.is_asleep(self.clock.now()) and upload.state != "failed":
            raise InputError("这个文件正在处理，不需要重新开始")
        before = "saving" if upload.state == "saving" else "reading"
        if await uploads.turn(self.ledger, upload_id, (upload.state, before), self.clock.now()):
            self.start(self._work(upload_id, user, self._save if before == "saving" else self._preview))

    async def save(self, upload_id: int, user: User) -> None:
        """See the Protocol."""
        await self._own(upload_id, user)
        if not await uploads.turn(self.ledger, upload_id, ("shown", "saving"), self.clock.now()):
            raise InputError("这个文件现在不能保存，可能已经保存过；请刷新后再看")
        self.start(self._work(upload_id, user, self._save))

    async def discard(self, upload_id: int, user: User) -> None:
        """See the Protocol."""
        upload = await self._own(upload_id, user)
        if upload.state not in ("shown", "failed"):
            raise InputError("这个文件现在不能丢弃；请刷新后再看")
        await uploads.end(self.ledger, upload_id, user.name, Ended("discarded"), self.clock.now())

    async def close(self) -> None:
        """See the Protocol."""
        self.stopping = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _own(self, upload_id: int, user: User) -> Upload:
        upload = await uploads.find_upload(self.ledger, upload_id, user.name)
        if upload is None:
            raise InputError("没有这个文件；请重新上传")
        return upload

    async def _work(self, upload_id: int, user: User, do: Callable[[Upload, Path], Awaitable[Ended]]) -> None:
        async with self._turn:
            upload = await self._own(upload_id, user)
            try:
                with await self._unsealed(upload) as path:
                    ended = await do(upload, path)
            except InputError as refused:
                ended = Ended("failed", problem=str(refused))
            except _StoppedError:
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the page must say that it failed
                _log.error("upload_failed", upload=upload_id, error=type(error).__name__)
                ended = Ended("failed", problem="处理时出错，没有保存的部分可以重新开始；仍然出错请联系运维人员")
            await uploads.end(self.ledger, upload_id, user.name, ended, self.clock.now())

    async def _unsealed(self, upload: Upload) -> Any:
        sealed = await uploads.open_upload(self.ledger, upload.upload_id)
        content = await asyncio.to_thread(uploads.unseal_upload, self.ledger, upload.upload_id, sealed)
        return _private_file(upload.name, content)

    async def _preview(self, upload: Upload, path: Path) -> Ended:
        if upload.kind == "payments":
            shown = await preview_payments(self.ledger, path, self._handed(upload))
            return Ended("shown", shown.as_json())
        file, beating = _handed_in(upload, path), _Beating(self, upload.upload_id)
        found = await preview_households(self.ledger, file, self._settings.registry, self.clock, beating)
        return Ended("shown", found.as_json())

    async def _save(self, upload: Upload, path: Path) -> Ended:
        if upload.kind == "payments":
            done = await import_payments(self.ledger, path, self.clock, self._handed(upload))
            counts = {"n_rows": done.n_rows, "n_new": done.n_new, "n_rejected": done.n_rejected}
            return Ended("saved", counts, run_id=done.run_id)
        file, beating = _handed_in(upload, path), _Beating(self, upload.upload_id)
        report = await import_households(self.ledger, file, self._settings.registry, self.clock, beating)
        # Payment lines that found nobody may find these households: they are matched again.
        await forget_failures(self.ledger)
        return Ended("saved", report.as_json(), run_id=report.run_id)

    def _handed(self, upload: Upload) -> Handed:
        aliases = load_aliases(self._settings.registry.headers_file, "payments")
        return Handed(aliases, AuditState(self._settings.watch.final_audit), None, upload.by_user)


def _handed_in(upload: Upload, path: Path) -> HandedIn:
    limit = None if level_of(upload.region_code) in _WIDE else upload.region_code
    return HandedIn(path, upload.name, upload.by_user, limit)


@contextmanager
def _private_file(name: str, content: bytes) -> Any:
    """The content as a file that nobody else on the machine can read, gone afterwards."""
    with TemporaryDirectory(prefix="upload-") as folder:
        path = Path(folder) / Path(name).name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        with suppress(FileNotFoundError):
            yield path
