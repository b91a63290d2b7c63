"""Reading a database that is not ours: one SELECT, read-only in three ways, within its time, by pages behind a key.

The query stands inside another SELECT, where nothing that writes may stand; the session refuses to write; and a
parameter is bound, never spelled.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from notifier.domain.contracts import ForeignQuery
from notifier.domain.errors import SourceError

_STEPS = 10_000
"""SQLite looks at the clock after so many of its own steps."""


class ForeignDatabases:
    """SQLite files and PostgreSQL servers of others; it is the domain's ForeignReader."""

    async def rows(self, asked: ForeignQuery) -> Sequence[Mapping[str, Any]]:
        """The page of rows, column by name, by key. Raises SourceError in words, without what the database said."""
        if asked.url.startswith("sqlite:"):
            return await asyncio.to_thread(_from_sqlite, asked)
        return await _from_postgres(asked)


def _page_sql(asked: ForeignQuery, marks: tuple[str, str]) -> str:
    # A new line before the bracket, so that a comment at the query's end does not swallow it.
    behind = "" if asked.after is None else f'WHERE asked."{asked.key}" > {marks[0]} '
    return f'SELECT * FROM ({asked.query}\n) AS asked {behind}ORDER BY asked."{asked.key}" LIMIT {marks[1]}'


def _from_sqlite(asked: ForeignQuery) -> list[dict[str, Any]]:
    file = Path(asked.url.removeprefix("sqlite:///"))
    if not file.is_file():
        raise SourceError(f"没有数据库文件 {file.name}；请检查来源定义中的 url")
    until = time.monotonic() + asked.timeout.total_seconds()
    address = f"file:{quote(str(file.resolve()))}?mode=ro"
    bound = (asked.most,) if asked.after is None else (asked.after, asked.most)
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=asked.timeout.total_seconds())) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.row_factory = sqlite3.Row
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            return [dict(row) for row in connection.execute(_page_sql(asked, ("?", "?")), bound)]
    except sqlite3.Error as error:
        raise _in_words(asked, error, is_late=time.monotonic() > until) from None


async def _from_postgres(asked: ForeignQuery) -> list[dict[str, Any]]:
    url = make_url(asked.url).set(drivername="postgresql+asyncpg", password=asked.password)
    wait = asked.timeout.total_seconds()
    engine = create_async_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "timeout": wait,
            "server_settings": {
                "default_transaction_read_only": "on",
                "statement_timeout": str(int(wait * 1000)),
                "application_name": "farm-household-notifier",
            },
        },
    )
    marks = ("$2", "$1") if asked.after is not None else ("", "$1")
    bound = (asked.most,) if asked.after is None else (asked.most, asked.after)
    began = time.monotonic()
    try:
        async with asyncio.timeout(2 * wait), engine.connect() as connection:
            await connection.execution_options(postgresql_readonly=True)
            found = await connection.exec_driver_sql(_page_sql(asked, marks), bound)
            return [dict(row) for row in found.mappings()]
    except (SQLAlchemyError, OSError, TimeoutError, ValueError) as error:
        raise _in_words(asked, error, is_late=time.monotonic() - began >= wait) from None
    finally:
        await engine.dispose()


def _in_words(asked: ForeignQuery, error: Exception, *, is_late: bool) -> SourceError:
    """Only the kind of the error: what a database says may quote a row."""
    if is_late:
        seconds = f"{asked.timeout.total_seconds():g}"
        return SourceError(f"查询超过{seconds}秒没有结果；请给键列 {asked.key} 建索引，或调大 timeout")
    if isinstance(error, OSError | TimeoutError | sqlite3.OperationalError) and _is_out_of_reach(error):
        return SourceError("连不上来源数据库；请检查 url、网络和对方是否在运行")
    kind = type(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error).__name__
    return SourceError(
        f"来源数据库不执行这条查询（{kind}）；请用只读账号在对方库上试一试，并核对 query 和 key", temporary=False
    )


def _is_out_of_reach(error: Exception) -> bool:
    return not isinstance(error, sqlite3.Error) or "open" in str(error) or "locked" in str(error)
