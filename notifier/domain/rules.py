"""Who is owed a policy: a tree over attributes and region, made by `match`, turned into SQL only by `store`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class AttributeKind(StrEnum):
    """What values an attribute takes."""

    FLAG = "flag"
    """Yes or no."""
    COUNT = "count"
    """A whole number."""
    AREA = "area"
    """亩, a Decimal."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something known of a household. `column` is its column in the registry, `name` what people call it."""

    column: str
    name: str
    kind: AttributeKind


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("is_low_income", "低保", AttributeKind.FLAG),
    Attribute("is_destitute", "特困", AttributeKind.FLAG),
    Attribute("is_out_of_poverty", "脱贫户", AttributeKind.FLAG),
    Attribute("is_monitored", "监测对象", AttributeKind.FLAG),
    Attribute("is_insured", "参保", AttributeKind.FLAG),
    Attribute("n_disabled", "残疾人数", AttributeKind.COUNT),
    Attribute("n_elderly", "高龄人数", AttributeKind.COUNT),
    Attribute("n_sheep", "羊只数", AttributeKind.COUNT),
    Attribute("n_cattle", "牛头数", AttributeKind.COUNT),
    Attribute("n_pigs", "猪头数", AttributeKind.COUNT),
    Attribute("farmland_mu", "耕地亩", AttributeKind.AREA),
    Attribute("grassland_mu", "草原亩", AttributeKind.AREA),
    Attribute("reforested_mu", "退耕亩", AttributeKind.AREA),
)

ATTRIBUTE: dict[str, Attribute] = {one.column: one for one in ATTRIBUTES}


class Comparison(StrEnum):
    """How an attribute is compared with a value."""

    AT_LEAST = ">="
    """不少于."""
    MORE = ">"
    """多于."""
    AT_MOST = "<="
    """不多于."""
    LESS = "<"
    """少于."""
    EQUAL = "="
    """等于."""


@dataclass(frozen=True, slots=True)
class Has:
    """attribute <comparison> value. A flag is compared with EQUAL 1 or EQUAL 0."""

    column: str
    comparison: Comparison
    value: Decimal


@dataclass(frozen=True, slots=True)
class Within:
    """The household lives in the region with this 12-digit code, at any level."""

    region_code: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the parts holds; empty holds for everybody."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts holds; empty holds for nobody."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Rule"


Rule = Has | Within | AllOf | AnyOf | Not
