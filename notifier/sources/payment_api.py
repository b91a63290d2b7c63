"""A JSON API of payment records, read page by page; how far is kept in the ledger with the lines it brought."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from notifier.domain.benefits import Finding
from notifier.domain.errors import InputError, SourceError
from notifier.sources.fetching import Asked, Fetcher, Manners
from notifier.sources.json_paths import at_path, read_json
from notifier.sources.looking import LeftOut, Means
from notifier.sources.payment_definitions import PaymentApiDefinition
from notifier.sources.payment_findings import Records, only_records, record_findings, secret_of

_CURSOR = "cursor"


@dataclass(frozen=True, slots=True)
class _Page:
    """The records of one page, how many of its items are none, and the cursor behind it; None at the end."""

    rows: list[Mapping[str, Any]]
    n_strange: int
    cursor: str | None


class PaymentApiSource:
    """Reads one API from the cursor that the ledger has to the end."""

    def __init__(self, definition: PaymentApiDefinition, means: Means) -> None:
        self.definition = definition
        self.name = definition.name
        self.left_out: list[LeftOut] = []
        self._means = means

    async def look(self, memory: Mapping[str, str]) -> AsyncIterator[Finding]:
        """The batches behind the cursor in `memory`, page by page; each page's last Finding carries the next cursor.

        Raises SourceError; what came before it is taken. A page that names nothing we know is an error too: the cursor
        stays before it.
        """
        self.left_out = []
        cursor = memory.get(_CURSOR, self.definition.start)
        fetcher = Fetcher(self._means.wire, self._manners())
        for _ in range(self.definition.max_pages):
            page = await self._page(fetcher, cursor)
            if page.n_strange:
                self.left_out.append(
                    LeftOut(f"游标 {cursor or '起始'} 之后的一页", f"{page.n_strange}项不是记录", again=False)
                )
            if not page.rows:
                return
            # Without a next cursor the place behind the last page stays as it is, and what comes later is behind it.
            kept = {_CURSOR: page.cursor} if page.cursor is not None else {}
            records = Records(page.rows, kept, self._means.clock.now())
            try:
                found = await asyncio.to_thread(record_findings, self.definition, records, self._means.payments)
            except InputError as error:
                raise SourceError(
                    f"接口的记录读不懂：{error}；请在来源定义的 columns 中写明字段名", temporary=False
                ) from None
            for finding in found:
                yield finding
            if page.cursor is None or page.cursor == cursor:
                return
            cursor = page.cursor
        self.left_out.append(LeftOut("接口", f"一次只读{self.definition.max_pages}页，余下的下次再读", again=False))

    def _manners(self) -> Manners:
        of = self.definition
        headers = {}
        if of.token_env is not None:
            token = secret_of(self._means.secrets, of.token_env, of.name)
            headers[of.token_header] = of.token_form.replace("{token}", token)
        # The token goes to its own host only: a redirect elsewhere is refused.
        hosts = frozenset((urlsplit(of.url).hostname or "",))
        return Manners(of.timeout, of.allow_private, hosts, headers)

    async def _page(self, fetcher: Fetcher, cursor: str) -> _Page:
        of = self.definition
        url = of.url.replace("{cursor}", quote(cursor, safe="")).replace("{size}", str(of.size))
        answer = read_json((await fetcher.page(Asked(url))).body.decode("utf-8", "replace"))
        items = at_path(answer, of.items)
        if not isinstance(items, list):
            raise SourceError(f"接口的答复中没有列表 {of.items}；请核对来源定义中的 items", temporary=False)
        rows, n_strange = only_records(items)
        return _Page(rows, n_strange, self._next(answer, rows, cursor))

    def _next(self, answer: Any, rows: list[Mapping[str, Any]], cursor: str) -> str | None:
        of = self.definition
        if of.key is not None:
            keys = [row[of.key] for row in rows if isinstance(row.get(of.key), str | int)]
            if len(keys) < len(rows):
                raise SourceError(f"接口有记录缺少 {of.key}，不知道读到了哪里；请核对来源定义中的 key", temporary=False)
            return str(max(keys, key=lambda key: (isinstance(key, str), key))) if keys else None
        said = at_path(answer, of.next or "")
        return str(said) if isinstance(said, str | int) and said != "" else None
