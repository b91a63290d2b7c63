"""Source definitions fail in sentences that name file, key and mend."""

from pathlib import Path

import pytest

from notifier.domain.errors import ConfigError
from notifier.sources.definitions import Definition, read_definitions
from notifier.sources.registry import PUSHED, definitions

RIGHT = 'kind = "html_list"\nname = "a"\ntitle = "甲"\nurl = "http://x/"\nitem = "li"\n'
TYPES = {**definitions(), **PUSHED}


def read(folder: Path, content: str, file: str = "a.toml") -> list[Definition]:
    (folder / file).write_text(content, "utf-8")
    return read_definitions(folder, TYPES)


def test_the_shipped_sources_are_right() -> None:
    shipped = {one.name: one.enabled for one in read_definitions(Path("config/sources"), TYPES)}
    assert [name for name, is_on in shipped.items() if is_on] == ["payments"]
    assert len(shipped) >= 7


def test_a_right_definition_is_read(tmp_path: Path) -> None:
    (one,) = read(tmp_path, RIGHT)
    assert (one.kind, one.name, one.enabled) == ("html_list", "a", True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (RIGHT.replace("html_list", "ftp"), "kind 应为"),
        (RIGHT.replace('item = "li"', ""), "item：缺少"),
        (RIGHT + "itme = 1", "itme：没有这一项"),
        (RIGHT.replace('"li"', '"li[["'), "CSS"),
        (RIGHT.replace("http://x/", "ftp://x/"), "http"),
        (RIGHT + 'region = "6404"', "12位"),
        (RIGHT.replace('"a"', '"甲"'), "小写英文"),
        (RIGHT + 'enabled = "maybe"', "true 或 false"),
        ("kind = ", "TOML"),
    ],
)
def test_a_wrong_definition_is_named_with_its_mend(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.toml") as error:
        read(tmp_path, content)
    assert said in str(error.value)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    read(tmp_path, RIGHT)
    with pytest.raises(ConfigError, match="重复"):
        read(tmp_path, RIGHT, "b.toml")
