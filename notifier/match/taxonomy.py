"""The county's taxonomy: topic -> keywords -> rule, checked when it is read."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifier.domain.errors import ConfigError, InputError
from notifier.domain.rule_forms import from_form
from notifier.domain.rules import Rule


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of policy: by which words it is known, and which households it is for."""

    name: str
    keywords: Sequence[str]
    rule: Rule


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Every topic, and the words in a title that say that it is none of households' business."""

    topics: Sequence[Topic]
    not_for_households: Sequence[str]


class _Topic(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    keywords: list[str] = Field(min_length=1)
    rule: Mapping[str, Any]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    not_for_households: list[str] = Field(default_factory=list)
    topic: list[_Topic] = Field(min_length=1)


def load_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy in the file. Raises ConfigError naming topic and mend: not TOML, a missing part, a wrong rule."""
    try:
        content = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"match.taxonomy_file {path.name}：不是可读的 TOML 文件（{type(error).__name__}）；请检查路径、格式与编码"
        ) from None
    except ValidationError as error:
        where = "；".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise ConfigError(
            f"match.taxonomy_file {path.name}：{where} 缺少或写错；每个 topic 须有 name、keywords、rule"
        ) from None
    return Taxonomy([_topic(path.name, one) for one in content.topic], content.not_for_households)


def _topic(file: str, one: _Topic) -> Topic:
    if not all(word.strip() for word in one.keywords):
        raise ConfigError(f"match.taxonomy_file {file}：主题“{one.name}”有空的关键词；请删去")
    try:
        return Topic(one.name, one.keywords, from_form(one.rule))
    except InputError as error:
        raise ConfigError(f"match.taxonomy_file {file}：主题“{one.name}”：{error}") from None
