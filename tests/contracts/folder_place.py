"""A folder into which a test drops payment workbooks."""

import os
from dataclasses import dataclass
from pathlib import Path

from notifier.sources.definitions import Definition, FolderDefinition
from tests.registered import NOW, a_line, a_workbook, an_id


@dataclass
class FolderPlace:
    path: Path
    old: float = NOW.timestamp() - 1000

    @property
    def definition(self) -> Definition:
        return FolderDefinition(kind="folder", name="examined", title="样例", path=self.path)

    def show(self, n: int) -> None:
        self._write(f"{n}.xlsx", a_workbook([a_line(f"样例{n}", an_id(n))], titles=[f"备案号:彭农备〔2026〕{n}号"]), n)

    def show_bad(self) -> None:
        self._write("bad.xlsx", b"PK\x03\x04 not a workbook", 0)

    def _write(self, name: str, content: bytes, n: int) -> None:
        file = self.path / name
        file.write_bytes(content)
        os.utime(file, (self.old + n, self.old + n))

    def fail(self) -> None:
        self.path.rename(self.path.with_name("gone"))
        self.path.write_text("a file in the folder's place")

    def mend(self) -> None:
        self.path.unlink()
        self.path.with_name("gone").rename(self.path)
