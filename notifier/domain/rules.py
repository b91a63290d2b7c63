"""Who is owed a policy: a tree over what is known of a household, turned into SQL only by `store`.

Its forms: JSON (rule_forms), the Chinese rule language (rule_language), rows of a page's form (rule_rows).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
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
    """Something known of a household. `column` is its column in the registry, `name` what people call it.

    `words` are other ways to write it, `units` what may stand behind its numbers.
    """

    column: str
    name: str
    kind: AttributeKind
    words: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


_FLAG, _COUNT, _AREA = AttributeKind.FLAG, AttributeKind.COUNT, AttributeKind.AREA

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("is_low_income", "低保", _FLAG, ("低保户",)),
    Attribute("is_destitute", "特困", _FLAG, ("特困户", "特困供养")),
    Attribute("is_out_of_poverty", "脱贫户", _FLAG, ("脱贫",)),
    Attribute("is_monitored", "监测对象", _FLAG, ("监测户", "监测")),
    Attribute("is_insured", "参保", _FLAG, ("医保",)),
    Attribute("n_disabled", "残疾人数", _COUNT, ("残疾", "残疾人"), ("人", "个", "名")),
    Attribute("n_elderly", "高龄人数", _COUNT, ("高龄", "高龄老人"), ("人", "个", "名")),
    Attribute("n_sheep", "羊只数", _COUNT, ("羊", "养羊"), ("只", "头")),
    Attribute("n_cattle", "牛头数", _COUNT, ("牛", "养牛"), ("头", "只")),
    Attribute("n_pigs", "猪头数", _COUNT, ("猪", "养猪", "生猪"), ("头", "口", "只")),
    Attribute("farmland_mu", "耕地亩", _AREA, ("耕地", "耕地面积"), ("亩",)),
    Attribute("grassland_mu", "草原亩", _AREA, ("草原", "草原面积"), ("亩",)),
    Attribute("reforested_mu", "退耕亩", _AREA, ("退耕", "退耕面积", "退耕地"), ("亩",)),
)
"""What the registry keeps in columns of its own."""

N_PERSONS = Attribute("n_persons", "人口数", _COUNT, ("人口", "家庭人口"), ("人", "口", "个"))
"""How many persons of the household are registered; counted, not a column."""

ATTRIBUTE: dict[str, Attribute] = {one.column: one for one in (*ATTRIBUTES, N_PERSONS)}

REGISTERED_ON = "登记日期"
"""The one date that is known of every household: when it was first registered."""


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
class Keeps:
    """How much the household has of a kind that the county imports without a column of ours (驴, 蜂箱 …); 0 if none."""

    kind: str
    comparison: Comparison
    value: Decimal


@dataclass(frozen=True, slots=True)
class Registered:
    """The day on which the household was first registered, Asia/Shanghai."""

    comparison: Comparison
    on: date


@dataclass(frozen=True, slots=True)
class Received:
    """The household was paid this subsidy, as a paid line that was matched to it says.

    `year` narrows to the period that the line or its batch names (else the year it came in); `first_on` and `last_on`,
    both included, to the days on which the batch came in; with `comparison` the sum of those lines is compared.
    """

    item: str
    year: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    comparison: Comparison | None = None
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """The household is on the uploaded list of this name."""

    name: str


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


Leaf = Has | Keeps | Registered | Received | Listed | Within
Rule = Leaf | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a county's rules can speak of, besides ATTRIBUTE: regions (name by code), kinds, subsidies and lists."""

    regions: Mapping[str, str] = field(default_factory=dict)
    kinds: Sequence[str] = ()
    items: Sequence[str] = ()
    lists: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PastPayment:
    """A paid line of a household: its subsidy, the period it names, the day its batch came in."""

    item: str
    period: str | None
    found_on: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule looks at in one household. `attributes` by column, areas in 亩; a missing kind counts as 0."""

    region_code: str
    attributes: Mapping[str, Decimal | int] = field(default_factory=dict)
    kinds: Mapping[str, Decimal] = field(default_factory=dict)
    registered_on: date = date(1970, 1, 1)
    payments: Sequence[PastPayment] = ()
    lists: frozenset[str] = frozenset()


def tidy(rule: Rule) -> Rule:
    """The same rule without groups of a single part; what every form of a rule gives back."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            tidied = tuple(tidy(part) for part in parts)
            if len(tidied) == 1:
                return tidied[0]
            return AllOf(tidied) if isinstance(rule, AllOf) else AnyOf(tidied)
        case Not(part):
            return Not(tidy(part))
        case _:
            return rule
