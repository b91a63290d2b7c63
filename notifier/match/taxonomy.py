"""The county's taxonomy: topics, fields, groups and measures, with the words they are known by; checked when read."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifier.domain.errors import ConfigError, InputError
from notifier.domain.rule_forms import from_form
from notifier.domain.rules import ATTRIBUTE, Rule


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of policy: by which words it is known, its field of 政务公开, and which households it is for.

    `rule` None: the register does not know them, a person gives a list. `is_default`: the rule holds only where the
    text names no group itself. `is_narrowed`: groups of another family that the text names narrow it.
    """

    name: str
    keywords: Sequence[str]
    rule: Rule | None
    field: str = ""
    groups: Sequence[str] = ()
    is_default: bool = False
    is_narrowed: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A group of households as notices call them. Groups of one family are alternatives; families narrow each other."""

    name: str
    words: Sequence[str]
    family: str
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class OpenField:
    """One of the 13 fields of 政务公开, and the words by which a text without a topic is filed under it."""

    name: str
    keywords: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a threshold means: a number of `unit` beside one of the words is about the attribute `column`."""

    column: str
    unit: str
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Everything of the file, and the words in a title that say that it is none of households' business."""

    topics: Sequence[Topic]
    not_for_households: Sequence[str]
    fields: Sequence[OpenField] = ()
    groups: Sequence[Group] = ()
    measures: Sequence[Measure] = ()


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)


class _Topic(_Part):
    keywords: list[str] = Field(min_length=1)
    rule: Mapping[str, Any] | None = None
    field: str = ""
    groups: list[str] = Field(default_factory=list)
    default: bool = False
    narrowed: bool = True


class _Group(_Part):
    words: list[str] = Field(min_length=1)
    family: str = Field(min_length=1)
    rule: Mapping[str, Any] | None = None


class _Field(_Part):
    keywords: list[str] = Field(default_factory=list)


class _Measure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    column: str
    unit: str = Field(min_length=1)
    words: list[str] = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    not_for_households: list[str] = Field(default_factory=list)
    topic: list[_Topic] = Field(min_length=1)
    field: list[_Field] = Field(default_factory=list)
    group: list[_Group] = Field(default_factory=list)
    measure: list[_Measure] = Field(default_factory=list)


def load_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy in the file. Raises ConfigError naming the part and its mend: not TOML, a missing part, a wrong
    rule, a field, group or attribute that is not there."""
    try:
        content = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"match.taxonomy_file {path.name}：不是可读的 TOML 文件（{type(error).__name__}）；请检查路径、格式与编码"
        ) from None
    except ValidationError as error:
        where = "；".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise ConfigError(
            f"match.taxonomy_file {path.name}：{where} 缺少或写错；每个 topic 须有 name、keywords，"
            "group 须有 name、words、family，measure 须有 column、unit、words"
        ) from None
    return _Reading(f"match.taxonomy_file {path.name}", content).taxonomy()


class _Reading:
    """The file's parts checked against each other."""

    def __init__(self, where: str, content: _File) -> None:
        self._where, self._content = where, content

    def taxonomy(self) -> Taxonomy:
        content = self._content
        for one in content.measure:
            if one.column not in ATTRIBUTE:
                raise ConfigError(f"{self._where}：measure 的 column“{one.column}”不认识；可用：{'、'.join(ATTRIBUTE)}")
        return Taxonomy(
            [self._topic(one) for one in content.topic],
            content.not_for_households,
            [OpenField(one.name, one.keywords) for one in content.field],
            [self._group(one) for one in content.group],
            [Measure(one.column, one.unit, one.words) for one in content.measure],
        )

    def _topic(self, one: _Topic) -> Topic:
        self._no_empty_word(f"主题“{one.name}”", one.keywords)
        known = {group.name for group in self._content.group}
        if one.field and one.field not in {field.name for field in self._content.field}:
            raise ConfigError(f"{self._where}：主题“{one.name}”的 field“{one.field}”没有对应的 [[field]]；请补上或改正")
        if strange := [name for name in one.groups if name not in known]:
            raise ConfigError(f"{self._where}：主题“{one.name}”的 groups 中“{strange[0]}”没有对应的 [[group]]")
        rule = self._rule(f"主题“{one.name}”", one.rule)
        return Topic(one.name, one.keywords, rule, one.field, one.groups, one.default, one.narrowed)

    def _group(self, one: _Group) -> Group:
        self._no_empty_word(f"群体“{one.name}”", one.words)
        return Group(one.name, one.words, one.family, self._rule(f"群体“{one.name}”", one.rule))

    def _no_empty_word(self, whose: str, words: Sequence[str]) -> None:
        if not all(word.strip() for word in words):
            raise ConfigError(f"{self._where}：{whose}有空的关键词；请删去")

    def _rule(self, whose: str, form: Mapping[str, Any] | None) -> Rule | None:
        try:
            return None if form is None else from_form(form)
        except InputError as error:
            raise ConfigError(f"{self._where}：{whose}：{error}") from None
