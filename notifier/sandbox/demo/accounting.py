"""Afterwards: what the service claims is held against the sandbox's own record and the county's own truth."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from notifier.sandbox import handsets
from notifier.sandbox.county import BatchTruth, RejectedRow
from notifier.sandbox.demo.ground import Ground
from notifier.sandbox.demo.processes import CommandLine
from notifier.sandbox.demo.truth import Truth

_REJECTED, _REPEATED = "退回", "重复"
_KINDS_OF_ROWS = ("added", "changed", "unchanged", "merged", "rejected", "skipped")
_POLICY_TEMPLATE = "SMS_640425002"
_PERSONAL = re.compile(rb"199\d{8}|640425(?:19|20)\d{9}[\dX]")
_LINES_A_WRITE = 500


@dataclass(slots=True)
class Account:
    """Sentences about what is not as it should be; empty when all is accounted for."""

    wrong: list[str] = field(default_factory=list)
    n_checks: int = 0

    def equal(self, what: str, found: object, planted: object) -> None:
        """One comparison."""
        self.n_checks += 1
        if found != planted:
            self.wrong.append(f"{what}：应为 {planted}，实为 {found}")


def check_registry(account: Account, truth: Truth, answers: Sequence[dict[str, Any]]) -> None:
    """Households and rejected rows of the rosters are those that were written, row by row."""
    rosters = truth.rosters
    n_added = sum(answer["n_households_added"] for answer in answers)
    account.equal("导入的农户数", n_added, rosters.n_households)
    for answer in answers:
        n_sorted = sum(answer[f"n_{kind}"] for kind in _KINDS_OF_ROWS)
        account.equal(f"{answer['file']} 各类行数之和", n_sorted, answer["n_rows"])
        planted = _places(row for row in rosters.rejected if row.file == answer["file"])
        found = [row["原行号"] for row in _returned_rows(answer, 0) if row["处理结果"] == _REJECTED]
        account.equal(f"{answer['file']} 退回的行", _numbers(found), planted)


async def check_payments(account: Account, truth: Truth, ground: Ground, command: CommandLine) -> None:
    """The same workbooks handed in once more change nothing, and give back exactly the rows that were spoiled."""
    batches = truth.payments.batches
    files = [ground.watched / batch.file for batch in batches]
    answers = await command("import", "payments", *files, "--rejected", ground.returned)
    for batch, answer in zip(batches, answers, strict=True):
        account.equal(f"{batch.file} 再次导入后新增的行", sum(one["n_new"] for one in answer["batches"]), 0)
        rows = _returned_rows(answer, 1)
        spoiled = [row["原行号"] for row in rows if _REPEATED not in row["退回原因"]]
        account.equal(f"{batch.file} 退回的行", _numbers(spoiled), _places(batch.rejected))
        account.equal(f"{batch.file} 因重复退回的行数", len(rows) - len(spoiled), batch.n_repeated)


def _places(rows: Iterable[RejectedRow]) -> list[int]:
    return sorted(row.row for row in rows)


def _numbers(cells: Iterable[Any]) -> list[int]:
    return sorted(int(float(str(cell))) for cell in cells)


def _returned_rows(answer: dict[str, Any], header_at: int) -> list[dict[str, Any]]:
    """The rows of the workbook that came back, each by its headers; every sheet's header is that row."""
    if answer["rejected_file"] is None:
        return []
    book = CalamineWorkbook.from_path(answer["rejected_file"])
    rows: list[dict[str, Any]] = []
    for name in book.sheet_names:
        header, *cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[header_at:]
        rows += [dict(zip(map(str, header), row, strict=False)) for row in cells]
    return rows


def check_campaigns(account: Account, truth: Truth, campaigns: Sequence[dict[str, Any]]) -> None:
    """Every audited batch and every policy owes exactly its households; nothing else was told."""
    told = {one["title"]: one for one in campaigns if one["owed"]}
    for batch in truth.audited:
        owed = [one["owed"] for title, one in told.items() if one["kind"] == "disbursement" and _is_of(title, batch)]
        account.equal(f"{batch.item} 应通知的农户", sum(owed), len(batch.owed_households))
    for title, n in truth.policies.items():
        account.equal(f"政策“{title}”应通知的农户", told.get(title, {"owed": 0})["owed"], n)
    account.equal("发出通知的任务数", len(told), truth.n_campaigns)


def _is_of(title: str, batch: BatchTruth) -> bool:
    return batch.item.removesuffix("金") in title


def check_handsets(account: Account, truth: Truth, ground: Ground) -> None:
    """Nobody heard of a batch that paid others, of one that is not audited, or of last year's."""
    strangers: Counter[str] = Counter()
    n_untold = 0
    untold = [batch.item for batch in truth.payments.batches if not batch.audited]
    for record in handsets.iterate(ground.record):
        if record.template == _POLICY_TEMPLATE:
            continue
        n_untold += any(item in record.text for item in untold) or "2025年" in record.text
        for item, addresses in truth.addresses.items():
            strangers[item] += item in record.text and record.address not in addresses
    account.equal("收到未审核或往年批次通知的手机", n_untold, 0)
    for item, n in strangers.items():
        account.equal(f"收到别人的{item}通知的手机", n, 0)


def check_logs(account: Account, ground: Ground) -> None:
    """No phone and no id number is in a log."""
    n = sum(len(_PERSONAL.findall(log.read_bytes())) for log in ground.logs.iterdir())
    account.equal("日志中的手机号和身份证号", n, 0)


def record_lines(record: Path) -> Iterator[bytes]:
    """The sandbox's own record as `notifier proof` reads it, some lines at a time."""
    lines: list[str] = []
    for one in handsets.iterate(record):
        lines.append(json.dumps({"medium": one.channel, "out_id": one.sender_key, "address": one.address}) + "\n")
        if len(lines) == _LINES_A_WRITE:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def check_service(account: Account, truth: Truth, doctor: dict[str, Any], report: dict[str, Any]) -> None:
    """The doctor finds nothing to mend, the report's sums hold, and what nobody could match waits for a person."""
    for finding in doctor["findings"]:
        account.equal(f"体检 {finding['what']}（{finding['says']}）", finding["is_well"], True)
    account.equal("报表的勾稽关系", report["problems"], [])
    account.equal("待核对的发放明细", report["unmatched_payments"], truth.n_unmatched)
