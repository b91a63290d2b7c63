"""What every handset received: the sandbox's own record, kept apart from the service's ledger.

One SQLite file, one row per accepted message per handset. These functions only read, so the demo and the tests
may call them from another process while the sandbox writes; a path without a record reads as an empty one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

SMS, WECHAT = "sms", "wechat"
ALIYUN, TENCENT, MAS, CMPP = "aliyun", "tencent", "mas", "cmpp"

SCHEMA = """
CREATE TABLE IF NOT EXISTS handset_record (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    sender_key TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    template TEXT NOT NULL,
    text TEXT NOT NULL,
    n_segments INTEGER NOT NULL,
    result TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL,
    receipt INTEGER NOT NULL,
    gateway TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS handset_record_address ON handset_record (address);
CREATE INDEX IF NOT EXISTS handset_record_sender_key ON handset_record (sender_key);
CREATE TABLE IF NOT EXISTS follower (openid TEXT PRIMARY KEY, standing TEXT NOT NULL) WITHOUT ROWID;
"""

WAITING, PUSHED, DROPPED, WITHHELD = 0, 1, 2, 3


class Received(NamedTuple):
    """One message that the gateway accepted for one handset."""

    id: int
    """Order of acceptance, from 1."""
    at_ms: int
    """Acceptance, milliseconds since 1970 UTC."""
    channel: str
    """`sms` or `wechat`."""
    address: str
    """Phone of 11 digits, or openid."""
    sender_key: str
    """OutId, SessionContext or client_msg_id; empty when the sender gave none."""
    provider_id: str
    """BizId, SerialNo, msgGroup or msgid."""
    template: str
    """TemplateCode or template_id."""
    text: str
    """Full text as shown, with 【signature】 or the headline."""
    n_segments: int
    """Billed SMS segments; 1 for WeChat."""
    result: str
    """`DELIVERED`, `success`, or what the handset failed with; empty when the carrier never reports."""
    due_at_ms: int
    """When the carrier knows the result."""
    receipt: int
    """WAITING to be pushed, PUSHED, DROPPED after its retries, or WITHHELD by mischief or for want of a URL."""
    gateway: str
    """Which gateway accepted it: `aliyun`, `tencent`, `mas`, `wechat` …"""

    @property
    def is_delivered(self) -> bool:
        return self.result in ("DELIVERED", "success")


COLUMNS = ", ".join(Received._fields)


def open_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; an in-memory empty record when there is no file yet."""
    if path.exists():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'handset_record'").fetchone():
            return connection
        connection.close()
    empty = sqlite3.connect(":memory:")
    empty.executescript(SCHEMA)
    return empty


def count(path: Path, channel: str | None = None) -> int:
    """How many messages were accepted, on one channel or on all."""
    with closing(open_reading(path)) as connection:
        where, bound = _channel(channel)
        return int(connection.execute(f"SELECT count(*) FROM handset_record WHERE {where}", bound).fetchone()[0])


def counts(path: Path) -> dict[str, dict[str, int]]:
    """Messages per channel and result."""
    with closing(open_reading(path)) as connection:
        return count_results(connection)


def count_results(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    tally: dict[str, dict[str, int]] = {}
    rows = connection.execute("SELECT channel, result, count(*) FROM handset_record GROUP BY 1, 2 ORDER BY 1, 2")
    for channel, result, n in rows:
        tally.setdefault(channel, {})[result or "(silent)"] = n
    return tally


def iterate(path: Path, channel: str | None = None, after_id: int = 0) -> Iterator[Received]:
    """Every row with a greater id than `after_id`, in order of acceptance."""
    with closing(open_reading(path)) as connection:
        where, bound = _channel(channel)
        statement = f"SELECT {COLUMNS} FROM handset_record WHERE id > ? AND {where} ORDER BY id"
        for row in connection.execute(statement, (after_id, *bound)):
            yield Received._make(row)


def by_out_id(path: Path, out_id: str) -> list[Received]:
    """The rows of one OutId or client_msg_id, in order of acceptance; a batch has one row per handset."""
    with closing(open_reading(path)) as connection:
        statement = f"SELECT {COLUMNS} FROM handset_record WHERE sender_key = ? ORDER BY id"
        return [Received._make(row) for row in connection.execute(statement, (out_id,))]


def page(connection: sqlite3.Connection, after_id: int, limit: int) -> list[Received]:
    """Up to `limit` rows after `after_id`."""
    statement = f"SELECT {COLUMNS} FROM handset_record WHERE id > ? ORDER BY id LIMIT ?"
    return [Received._make(row) for row in connection.execute(statement, (after_id, limit))]


def duplicates(path: Path) -> int:
    """Rows beyond the first with the same channel, address and sender key; rows without a key do not count."""
    return _beyond_first(path, "channel, address, sender_key", "sender_key <> ''")


def repeated_texts(path: Path) -> int:
    """Rows beyond the first with the same channel, address and text: the same words read twice."""
    return _beyond_first(path, "channel, address, template, text", "1")


def _beyond_first(path: Path, key: str, where: str) -> int:
    groups = f"SELECT count(*) n FROM handset_record WHERE {where} GROUP BY {key}"
    statement = f"SELECT coalesce(sum(n - 1), 0) FROM ({groups})"
    with closing(open_reading(path)) as connection:
        return int(connection.execute(statement).fetchone()[0])


def _channel(channel: str | None) -> tuple[str, tuple[str, ...]]:
    return ("channel = ?", (channel,)) if channel else ("1", ())
