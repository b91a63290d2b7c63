"""Importing who follows the official account: a table of 身份证号 and openid."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from notifier.domain.contracts import Clock, Progress
from notifier.domain.errors import InputError
from notifier.domain.identity import fold, read_id
from notifier.domain.settings import Registry
from notifier.registry.drafts import Remark
from notifier.registry.entries import Line
from notifier.registry.handing_in import HandedIn
from notifier.registry.returned import Returned
from notifier.sources.headers import load_aliases
from notifier.sources.workbook import SheetRow, read_workbook
from notifier.store.ledger import Ledger
from notifier.store.registry_contacts import Binding, bind_followers
from notifier.store.registry_runs import begin_run, finish_run

_ROWS_A_BATCH = 5000
_OPENID = re.compile(r"[0-9A-Za-z_-]{20,40}")
_UNKNOWN = "登记簿中没有这个身份证号;请先导入该户,再导入关注名单"


@dataclass(frozen=True, slots=True)
class FollowersReport:
    """n_rows = n_added + n_changed + n_unchanged + n_rejected + n_skipped; `rejected` as in ImportReport."""

    run_id: int
    file: str
    n_rows: int
    n_added: int
    n_changed: int
    n_unchanged: int
    n_rejected: int
    n_skipped: int
    rejected: bytes | None = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The counts, without the rejected rows themselves."""
        told = asdict(self)
        del told["rejected"]
        return told | {"has_rejected": self.rejected is not None}


async def import_followers(
    ledger: Ledger, file: HandedIn, settings: Registry, clock: Clock, progress: Progress
) -> FollowersReport:
    """Each person of the table is told by their openid from now on; bad and unknown rows come back with the reason.

    Safe to repeat. A person with another openid gets the new one, and the old one is kept as replaced.
    Raises InputError in Chinese when the file cannot be read.
    """
    reading = read_workbook(file.path, file.name, load_aliases(settings.headers_file, "followers"))
    digest = await asyncio.to_thread(file.digest, ledger.vault)
    returned = Returned()
    counts: Counter[str] = Counter()
    try:
        rows = await asyncio.to_thread(_some, reading)
        run_id = await begin_run(ledger, "followers", digest, file.by_user, clock.now())
        while rows:
            fates, remarks = await _take(ledger, rows)
            counts.update(fates)
            returned.add(remarks)
            progress.advance(len(rows))
            rows = await asyncio.to_thread(_some, reading)
        n_skipped = reading.skipped.total()
        report = FollowersReport(
            run_id,
            file.name,
            n_rows=counts.total() + n_skipped,
            n_added=counts["added"],
            n_changed=counts["changed"],
            n_unchanged=counts["unchanged"],
            n_rejected=counts["rejected"],
            n_skipped=n_skipped,
            rejected=returned.content(),
        )
        await finish_run(ledger, run_id, report.as_json(), report.rejected, clock.now())
        return report
    finally:
        reading.close()
        returned.close()


def _some(rows: Any) -> list[SheetRow]:
    return list(islice(rows, _ROWS_A_BATCH))


async def _take(ledger: Ledger, rows: Sequence[SheetRow]) -> tuple[list[str], list[Remark]]:
    bindings: list[Binding] = []
    bound: list[SheetRow] = []
    fates: list[str] = []
    remarks: list[Remark] = []
    for row in rows:
        try:
            bindings.append(_binding(row))
            bound.append(row)
        except InputError as problem:
            fates.append("rejected")
            remarks.append(Remark(Line(row, row.cells), str(problem), True))
    for row, fate in zip(bound, await bind_followers(ledger, bindings), strict=True):
        fates.append("rejected" if fate == "unknown" else fate)
        if fate == "unknown":
            remarks.append(Remark(Line(row, row.cells), _UNKNOWN, True))
    return fates, sorted(remarks, key=lambda one: (one.line.row.sheet, one.line.row.number))


def _binding(row: SheetRow) -> Binding:
    if row.problem:
        raise InputError(row.problem)
    number = read_id(row.cells["id"])
    openid = fold(str(row.cells["openid"] or ""))
    if not _OPENID.fullmatch(openid):
        raise InputError("openid 应为 20 到 40 位字母、数字、- 或 _;请核对")
    return Binding(number.value, openid)
