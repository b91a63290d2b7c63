"""Writes the handset record: requests that come together share one commit, and no answer leaves before it.

Written from the event loop on purpose: a thread would have to take the interpreter back for each row.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from notifier.sandbox.handsets import COLUMNS, SCHEMA, WAITING, Received

_INSERT = f"INSERT INTO handset_record ({COLUMNS}) VALUES ({', '.join('?' * len(Received._fields))})"
_SELECT = f"SELECT {COLUMNS} FROM handset_record"

Clock = Callable[[], float]
"""Seconds since 1970 UTC."""


class HandsetRecorder:
    """The only writer of one record file. Committed rows survive a killed process."""

    def __init__(self, path: Path, clock: Clock = time.time, gather_for: timedelta = timedelta(milliseconds=2)) -> None:
        self.path = path
        self.clock = clock
        self._gather_s = gather_for.total_seconds()
        self._rows: list[Received] = []
        self._marks: list[tuple[int, int]] = []
        self._written: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """The file exists with its schema; ids continue after what is in it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("PRAGMA wal_autocheckpoint = 4000")
        self.connection.executescript(SCHEMA)
        self._add_what_an_older_record_lacks()
        self._last_id = int(self.connection.execute("SELECT coalesce(max(id), 0) FROM handset_record").fetchone()[0])

    def _add_what_an_older_record_lacks(self) -> None:
        if "gateway" not in {row[1] for row in self.connection.execute("PRAGMA table_info(handset_record)")}:
            self.connection.execute("ALTER TABLE handset_record ADD COLUMN gateway TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        """What was appended is committed and the file is closed."""
        self.flush()
        self.connection.close()

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    async def append(self, rows: Sequence[Received]) -> None:
        """The rows are committed. Raises sqlite3.Error when the file cannot be written; then none of them is."""
        loop = asyncio.get_running_loop()
        self._rows.extend(rows)
        if self._written is None:
            self._written = loop.create_future()
        self._flush_soon(self._gather_s)
        await asyncio.shield(self._written)

    def mark(self, ids: Iterable[int], receipt: int) -> None:
        """The rows' receipt state is written with one of the next commits."""
        self._marks.extend((receipt, row_id) for row_id in ids)
        self._flush_soon(0.05)

    def _flush_soon(self, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + delay_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(delay_s, self.flush)

    def flush(self) -> None:
        """Everything appended and marked so far is committed, or its waiters have the error."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        rows, marks, written = self._rows, self._marks, self._written
        self._rows, self._marks, self._written = [], [], None
        try:
            self._write(rows, marks)
        except sqlite3.Error as error:
            if written is None:
                raise
            written.set_exception(error)
        else:
            if written is not None:
                written.set_result(None)

    def _write(self, rows: list[Received], marks: list[tuple[int, int]]) -> None:
        if not rows and not marks:
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self.connection.executemany(_INSERT, rows)
            self.connection.executemany("UPDATE handset_record SET receipt = ? WHERE id = ?", marks)
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise

    def unreported(self, gateway: str) -> list[Received]:
        """Rows whose receipt was still waiting, e.g. when the last process was killed; in order of acceptance."""
        return self._select("WHERE gateway = ? AND receipt = ? ORDER BY id", gateway, WAITING)

    def since(self, channel: str, at_ms: int) -> list[Received]:
        """Rows accepted at or after `at_ms`, in order of acceptance."""
        return self._select("WHERE channel = ? AND at_ms >= ? ORDER BY id", channel, at_ms)

    def to_address(self, gateway: str, address: str, from_ms: int, until_ms: int) -> list[Received]:
        """One handset's rows accepted in [from, until), newest first; what was appended so far counts."""
        self.flush()
        where = "WHERE address = ? AND gateway = ? AND at_ms >= ? AND at_ms < ? ORDER BY id DESC"
        return self._select(where, address, gateway, from_ms, until_ms)

    def _select(self, where: str, *bound: str | int) -> list[Received]:
        return [Received._make(row) for row in self.connection.execute(f"{_SELECT} {where}", bound)]

    def standings(self) -> dict[str, str]:
        """What is known about followers, by openid."""
        return dict(self.connection.execute("SELECT openid, standing FROM follower"))

    def stand(self, openids: Iterable[str], standing: str) -> None:
        """The openids have that standing from now on, also after a restart."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(
            "INSERT INTO follower VALUES (?, ?) ON CONFLICT (openid) DO UPDATE SET standing = excluded.standing",
            [(openid, standing) for openid in openids],
        )
        self.connection.execute("COMMIT")

    def reset(self) -> None:
        """The record is empty; ids go on, followers keep their standing."""
        self.flush()
        self.connection.execute("DELETE FROM handset_record")
