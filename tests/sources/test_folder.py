"""The watched folder: half-copied files wait, nothing in it is changed."""

import os
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from notifier.domain.benefits import Finding
from notifier.domain.errors import SourceError
from notifier.sources.definitions import FolderDefinition
from notifier.sources.fetching import Fetching
from notifier.sources.folder import FolderSource
from notifier.sources.headers import load_aliases
from notifier.sources.looking import Means
from tests.registered import NOW, FrozenClock, a_line, a_workbook, an_id

GOOD = a_workbook([a_line("甲", an_id(1))])


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def source(tmp_path: Path, clock: FrozenClock) -> FolderSource:
    definition = FolderDefinition(kind="folder", name="f", title="样例", path=tmp_path)
    aliases = load_aliases(Path("config/headers.toml"), "payments")
    return FolderSource(definition, Means(cast("Fetching", None), clock, aliases))


def put(folder: Path, name: str, content: bytes, age_s: float = 60) -> Path:
    file = folder / name
    file.write_bytes(content)
    os.utime(file, (NOW.timestamp() - age_s,) * 2)
    return file


async def look(source: FolderSource) -> list[Finding]:
    return [finding async for finding in source.look({})]


async def test_a_file_that_just_changed_waits_for_the_next_look(
    source: FolderSource, tmp_path: Path, clock: FrozenClock
) -> None:
    put(tmp_path, "a.xlsx", GOOD, age_s=1)
    assert await look(source) == []
    assert [(left.what, left.again) for left in source.left_out] == [("a.xlsx", True)]
    clock.move(timedelta(seconds=5))
    assert len(await look(source)) == 1
    assert source.left_out == []


async def test_files_are_neither_moved_nor_changed(source: FolderSource, tmp_path: Path) -> None:
    file = put(tmp_path, "a.xlsx", GOOD)
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    await look(source)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [file]


async def test_lock_files_and_other_files_are_not_read(source: FolderSource, tmp_path: Path) -> None:
    for name in ("~$a.xlsx", ".a.xlsx", "readme.txt", "a.pdf"):
        put(tmp_path, name, GOOD)
    assert await look(source) == []
    assert source.left_out == []


async def test_a_file_without_a_usable_line_is_named(source: FolderSource, tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", a_workbook([a_line("甲", an_id(1), amount="待核")]))
    assert await look(source) == []
    assert "全部不可用" in source.left_out[0].why


async def test_a_renamed_file_is_the_same_finding(source: FolderSource, tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", GOOD)
    first = await look(source)
    (tmp_path / "a.xlsx").rename(tmp_path / "b.xlsx")
    assert (await look(source))[0].identities == first[0].identities


async def test_a_folder_that_is_not_there_yet_is_made_and_one_that_came_loose_is_an_error(
    tmp_path: Path, clock: FrozenClock
) -> None:
    folder = tmp_path / "deep" / "drop"
    definition = FolderDefinition(kind="folder", name="f", title="样例", path=folder)
    aliases = load_aliases(Path("config/headers.toml"), "payments")
    source = FolderSource(definition, Means(cast("Fetching", None), clock, aliases))
    assert await look(source) == []
    put(folder, "a.xlsx", GOOD)
    (found,) = await look(source)
    (folder / "a.xlsx").unlink()
    folder.rmdir()
    with pytest.raises(SourceError, match="打不开文件夹 drop"):
        [finding async for finding in source.look(found.memory)]
