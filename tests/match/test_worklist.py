"""The unmatched queue is worked off in a spreadsheet: out masked, in decided, and what cannot be decided comes back."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from notifier.domain.errors import InputError
from notifier.match.worklist import export_queue, import_decisions
from notifier.sources.lines import read_lines
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.unmatched import list_unmatched
from tests.match.test_step import launch, matches, pay, rows, run
from tests.registered import Home, a_line, an_id, register


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


def cells_of(content: bytes) -> list[list[Any]]:
    return [line.cells for line in read_lines(content, "queue.xlsx")]


def decided(content: bytes, decisions: dict[int, tuple[str, str]]) -> bytes:
    """The workbook with 决定 and 说明 filled in, by the row's place from 0."""
    lines = cells_of(content)
    header, out = lines[1], BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for y, line in enumerate(lines):
            row = list(line) + [None] * (len(header) - len(line))
            if (said := decisions.get(y - 2)) is not None:
                row[header.index("决定")], row[header.index("说明")] = said
            for x, cell in enumerate(row):
                if cell is not None:
                    sheet.write(y, x, cell)
    return out.getvalue()


async def test_decisions_of_a_workbook_are_taken_line_by_line(ledger: Ledger, tmp_path: Path) -> None:
    homes = [Home("样例甲", an_id(1)), Home("样例甲", an_id(2)), Home("样例乙", an_id(3)), Home("样例乙", an_id(4))]
    one, two, three, _ = await register(ledger, homes)
    lines = [a_line("样例甲", area=n) for n in range(1, 6)] + [a_line("样例乙"), a_line("样例丙", an_id(9))]
    await pay(ledger, tmp_path, *lines)
    await run(ledger)
    await launch(ledger)
    book = await export_queue(ledger)
    assert "样例甲" not in repr(cells_of(book))
    assert an_id(9) not in repr(cells_of(book))
    asked = {0: ("2", ""), 1: ("1", ""), 2: ("不是", "外县人员"), 3: ("不是", ""), 4: ("7", ""), 6: ("1", "")}
    worked = await import_decisions(ledger, decided(book, asked), "queue.xlsx", "clerk")
    assert (worked.n_resolved, worked.n_refused, worked.n_left, worked.n_rejected) == (2, 1, 1, 3)
    assert (await matches(ledger))[:3] == [("matched", two, 100), ("matched", one, 100), ("refused", None, 0)]
    assert worked.rejected is not None
    assert [cells[0] for cells in cells_of(worked.rejected)[2:]] == [
        "请写明为什么这一笔不属于本县登记的农户",
        "没有候选7；请填本行已有候选的序号，或填“不是”",
        "没有候选1；请填本行已有候选的序号，或填“不是”",
    ]
    assert list((await run(ledger)).planned.values()) == [2]
    assert await rows(ledger, "SELECT who, what FROM audit_entry ORDER BY id") == [
        ("clerk", "payment.resolve"), ("clerk", "payment.resolve"), ("clerk", "payment.refuse"),
    ]  # fmt: skip
    # The rows that came back are mended in that workbook itself; what was decided before is not decided again.
    mended = await import_decisions(ledger, decided(worked.rejected, {0: ("不是", "重名")}), "back.xlsx", "clerk")
    assert (mended.n_refused, mended.n_rejected) == (1, 2)
    again = await import_decisions(ledger, decided(book, asked), "queue.xlsx", "clerk")
    assert (again.n_resolved, again.n_refused) == (0, 0)
    assert len(await list_unmatched(ledger)) == 3
    assert three


async def test_a_candidate_who_is_none_any_more_is_not_taken(ledger: Ledger, tmp_path: Path) -> None:
    _, _, other = await register(ledger, [Home("样例甲", an_id(1)), Home("样例甲", an_id(2)), Home("王五", an_id(3))])
    await pay(ledger, tmp_path, a_line("样例甲"))
    await run(ledger)
    lines = cells_of(await export_queue(ledger))
    key = lines[1].index("候选1编号")
    lines[2][key] = float(other)
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for y, line in enumerate(lines):
            for x, cell in enumerate(line):
                if cell is not None:
                    sheet.write(y, x, cell)
    worked = await import_decisions(ledger, decided(out.getvalue(), {0: ("1", "")}), "queue.xlsx", "clerk")
    assert (worked.n_resolved, worked.n_rejected) == (0, 1)
    with pytest.raises(InputError, match="不是从待核对清单导出"):
        await import_decisions(ledger, "姓名,决定\n甲,1\n".encode(), "other.csv", "clerk")
