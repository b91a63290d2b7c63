"""Payment workbooks that another office drops over SFTP. The host's key is pinned; nothing there is changed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import asyncssh

from notifier.domain.benefits import Finding
from notifier.domain.errors import InputError, SourceError
from notifier.domain.free_text import masked
from notifier.sources.folder import MOST_BYTES, SUFFIXES
from notifier.sources.looking import LeftOut, Means
from notifier.sources.payment_definitions import SftpDefinition
from notifier.sources.payment_findings import findings_of, secret_of
from notifier.sources.payments import read_payments

_TOO_LARGE = f"文件超过{MOST_BYTES // 1024 // 1024}MB，没有读取；请拆分后再放入"


class SftpSource:
    """Watches one folder of another machine. A file is taken once, by name, size and time, and by what is in it."""

    def __init__(self, definition: SftpDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self._means = means

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The batches of every settled file that `memory` does not hold as it is now, the oldest file first.

        Raises SourceError: not there, another host key, a refused login, no such folder. Its neighbours are read when
        a file is damaged.
        """
        self.left_out = []
        read = set(memory.get("read", "").split())
        try:
            async with self._connected() as connection, connection.start_sftp_client() as files:
                for found, key in await self._settled(files):
                    if key in read:
                        continue
                    content = await self._content(files, found)
                    for finding in await self._findings(found, content) if content is not None else ():
                        read.add(key)
                        yield replace(finding, memory={"read": " ".join(sorted(read))})
        except (OSError, asyncssh.Error, TimeoutError) as error:
            raise _in_words(self.definition, error) from None

    def _connected(self) -> asyncssh.misc._ACMWrapper[asyncssh.SSHClientConnection]:
        of = self.definition
        wait = of.timeout.total_seconds()
        secret = secret_of(self._means.secrets, of.password_env or of.key_env or "", of.name)
        try:
            pinned = asyncssh.import_public_key(of.host_key)
            keys = [asyncssh.import_private_key(secret)] if of.key_env else None
        except asyncssh.KeyImportError:
            raise SourceError(
                f"来源 {of.name} 的 host_key 或 {of.key_env} 中的密钥读不出；请核对", temporary=False
            ) from None
        return asyncssh.connect(
            of.host,
            of.port,
            username=of.user,
            password=secret if of.password_env else None,
            client_keys=keys,
            known_hosts=([pinned], [], []),
            agent_path=None,
            config=[],
            connect_timeout=wait,
            login_timeout=wait,
            keepalive_interval=30,
        )

    async def _settled(self, files: asyncssh.SFTPClient) -> list[tuple[asyncssh.SFTPName, str]]:
        latest = self._means.clock.now().timestamp() - self.definition.settle.total_seconds()
        settled = []
        for found in await files.readdir(self.definition.path):
            name, of = str(found.filename), found.attrs
            is_book = PurePosixPath(name).suffix.lower() in SUFFIXES and not name.startswith(("~$", "."))
            if not is_book or of.type != asyncssh.FILEXFER_TYPE_REGULAR:
                continue
            if (of.mtime or 0) > latest:
                self.left_out.append(LeftOut(masked(name), "文件还在写入，下次再看", again=True))
                continue
            settled.append(((of.mtime or 0, name), found))
        return [(found, _key(found)) for _, found in sorted(settled, key=lambda one: one[0])]

    async def _content(self, files: asyncssh.SFTPClient, found: asyncssh.SFTPName) -> bytes | None:
        name = str(found.filename)
        path = f"{self.definition.path.rstrip('/')}/{name}"
        if (found.attrs.size or 0) > MOST_BYTES:
            self.left_out.append(LeftOut(masked(name), _TOO_LARGE, again=False))
            return None
        async with files.open(path, "rb") as file:
            content = bytes(await file.read())  # type: ignore[arg-type]  # it was opened for bytes
        now = await files.stat(path)
        if (now.size, now.mtime) != (found.attrs.size, found.attrs.mtime) or len(content) != now.size:
            self.left_out.append(LeftOut(masked(name), "文件还在写入，下次再看", again=True))
            return None
        return content

    async def _findings(self, found: asyncssh.SFTPName, content: bytes) -> list[Finding]:
        name = masked(str(found.filename))
        try:
            workbook = await asyncio.to_thread(read_payments, content, name, self._means.payments)
        except InputError as error:
            self.left_out.append(LeftOut(name, str(error), again=False))
            return []
        findings = findings_of(self.name, content, workbook, self._means.clock.now())
        if not findings:
            why = f"{workbook.n_rows}行全部不可用；可用导入命令取回逐行原因"
            self.left_out.append(LeftOut(name, why, again=False))
        return findings


def _key(found: asyncssh.SFTPName) -> str:
    said = f"{found.filename!r}|{found.attrs.size}|{found.attrs.mtime}"
    return hashlib.blake2b(said.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _in_words(of: SftpDefinition, error: Exception) -> SourceError:
    """What went wrong, without what the other side wrote: that could quote anything."""
    where = f"{of.host}:{of.port}"
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return SourceError(
            f"{where} 出示的主机密钥与来源定义中的 host_key 不同，已拒绝连接；请向对方核实后更新", temporary=False
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return SourceError(f"{where} 拒绝了用户 {of.user} 登录；请核对用户名和密钥", temporary=False)
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return SourceError(f"{where} 上没有文件夹 {masked(of.path)}；请核对 path，或请对方建立")
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return SourceError(f"{where} 不允许读取 {masked(of.path)}；请对方给予读权限", temporary=False)
    if isinstance(error, asyncssh.Error):
        return SourceError(f"{where} 的连接中断了（{type(error).__name__}）；下次再看")
    return SourceError(f"连不上 {where}（{type(error).__name__}）；请检查网络和地址")
