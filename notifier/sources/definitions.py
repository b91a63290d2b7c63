"""What a county writes about its sources: one TOML file a source, checked when the service starts."""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from notifier.domain.errors import ConfigError
from notifier.domain.regions import level_of
from notifier.sources.presets import preset_names, with_preset

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_SAID = {
    "missing": "缺少这一项，请补上",
    "extra_forbidden": "没有这一项，请检查拼写",
    "literal_error": "不是可用的取值",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "string_type": "应为文字，请加引号",
    "list_type": '应为列表，例如 ["…"]',
}


class Definition(BaseModel):
    """What every source says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="which door it is: folder, feed, html_list, json_list, script_list …")
    name: str = Field(description="short ASCII name, used in the ledger; do not change it later")
    title: str = Field(min_length=1, description="what people read in reports")
    enabled: bool = Field(True, description="false: it is not looked at")
    region: str | None = Field(None, description="12-digit code of the region that it speaks for")
    every: timedelta | None = Field(None, description="how often it is looked at; the common setting when absent")

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError("只能用小写英文字母、数字、- 和 _，最多61个字符")
        return value

    @field_validator("region")
    @classmethod
    def _coded(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                level_of(value)
            except ValueError:
                raise ValueError("应为12位行政区划代码，例如 640425000000") from None
        return value


class FolderDefinition(Definition):
    """A folder into which payment workbooks are dropped."""

    kind: Literal["folder"]
    path: Path = Field(description="the folder; relative to where the service runs")
    settle: timedelta = Field(
        timedelta(seconds=3), ge=timedelta(0), description="a file younger than this is still being copied"
    )


def read_definitions(folder: Path, kinds: Mapping[str, type[Definition]]) -> list[Definition]:
    """Every source defined by a *.toml file in the folder, by file name; disabled ones too.

    Raises ConfigError naming file, key and mend: not TOML, an unknown kind or key, a wrong value, a name used twice.
    """
    found: dict[str, Definition] = {}
    for path in sorted(folder.glob("*.toml")):
        definition = read_definition(path, kinds)
        if definition.name in found:
            raise ConfigError(f"{path.name}: name “{definition.name}”与另一个来源重复；请换一个名称")
        found[definition.name] = definition
    return list(found.values())


def read_definition(path: Path, kinds: Mapping[str, type[Definition]]) -> Definition:
    """The one definition in a file. Raises ConfigError as `read_definitions`."""
    try:
        content = with_preset(tomllib.loads(path.read_text("utf-8")))
    except LookupError as error:
        names = "、".join(preset_names())
        raise ConfigError(f"{path.name}: preset：没有 {error.args[0]} 这个样板；可用：{names}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path.name}: 不是可读的 TOML 文件（{type(error).__name__}）；请检查格式与编码") from None
    kind = kinds.get(str(content.get("kind")))
    if kind is None:
        raise ConfigError(f"{path.name}: kind 应为 {'、'.join(kinds)} 之一")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {_sentence(error)}") from None


def _sentence(error: ValidationError) -> str:
    wrong = []
    for one in error.errors(include_url=False, include_input=False):
        said = _SAID.get(one["type"]) or one["msg"].removeprefix("Value error, ")
        wrong.append(f"{'.'.join(map(str, one['loc'])) or '全文'}：{said}")
    return "；".join(wrong)
