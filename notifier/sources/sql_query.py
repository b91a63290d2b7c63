"""One SELECT on another database, read page by page behind its key; the database itself is spoken to by the store."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from notifier.domain.benefits import Finding
from notifier.domain.contracts import ForeignQuery
from notifier.domain.errors import InputError, SourceError
from notifier.sources.looking import LeftOut, Means
from notifier.sources.payment_definitions import SqlQueryDefinition
from notifier.sources.payment_findings import Records, record_findings, secret_of

_AFTER = "after"
Key = str | int | float | Decimal | datetime | date
_REVIVED: Mapping[str, Callable[[str], Key]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
}


class SqlQuerySource:
    """Reads one query from the key that the ledger has to the end."""

    def __init__(self, definition: SqlQueryDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self._means = means

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The batches behind the key in `memory`, page by page; each page's last Finding carries the next key.

        Raises SourceError; what came before it is taken. The key must be unique and only grow: what is written later
        with a smaller key is never seen.
        """
        self.left_out = []
        after = _revived(memory[_AFTER]) if _AFTER in memory else None
        for _ in range(self.definition.max_pages):
            rows = await self._rows(after)
            if not rows:
                return
            after = self._key_behind(rows)
            records = Records(rows, {_AFTER: _kept(after)}, self._means.clock.now())
            try:
                found = await asyncio.to_thread(record_findings, self.definition, records, self._means.payments)
            except InputError as error:
                raise SourceError(
                    f"查询结果读不懂：{error}；请在来源定义的 columns 中写明列名", temporary=False
                ) from None
            for finding in found:
                yield finding
            if len(rows) < self.definition.size:
                return
        self.left_out.append(LeftOut("查询", f"一次只读{self.definition.max_pages}页，余下的下次再读", again=False))

    async def _rows(self, after: Key | None) -> list[Mapping[str, Any]]:
        of, foreign = self.definition, self._means.foreign
        if foreign is None:
            raise SourceError("这里不能查询其他数据库", temporary=False)
        password = None if of.password_env is None else secret_of(self._means.secrets, of.password_env, of.name)
        asked = ForeignQuery(of.url, of.query, of.key, after, of.size, of.timeout, password)
        return list(await foreign.rows(asked))

    def _key_behind(self, rows: list[Mapping[str, Any]]) -> Key:
        of = self.definition
        keys = [row.get(of.key) for row in rows]
        if any(key is None for key in keys):
            raise SourceError(
                f"查询结果的键列 {of.key} 有空值，不知道读到了哪里；请换一列或在查询中去掉", temporary=False
            )
        if len(set(keys)) < len(keys):
            raise SourceError(f"查询结果的键列 {of.key} 有重复值，会漏行；请换成唯一的一列", temporary=False)
        return keys[-1] if isinstance(keys[-1], Key) else str(keys[-1])


def _kept(key: Key) -> str:
    """The key as it is remembered, with its kind where JSON has none, since databases compare strictly."""
    if isinstance(key, datetime | date):
        return json.dumps({type(key).__name__: key.isoformat()})
    return json.dumps({"Decimal": str(key)} if isinstance(key, Decimal) else key)


def _revived(kept: str) -> Key:
    said: Any = json.loads(kept)
    if not isinstance(said, dict):
        key: Key = said
        return key
    ((kind, value),) = said.items()
    return _REVIVED[kind](str(value))
