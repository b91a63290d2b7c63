"""Who lives in the synthetic county: made from a seed, village by village, never all in memory at once."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from notifier.sandbox.county.names import person_name, surname_of
from notifier.sandbox.county.numbers import IdRegister, card_number, landline, openid, phone_number
from notifier.sandbox.county.regions import Township, Village, townships

AS_OF = date(2026, 9, 30)
HOUSEHOLDER = "户主"

_DISABILITIES = (
    *("肢体二级", "肢体三级", "肢体四级", "视力一级"),
    *("视力三级", "听力二级", "智力二级", "精神二级"),
)
_YOUNG = ("子", "女", "父", "母", "子", "女")
_OLD = ("子", "女", "儿媳", "孙子", "孙女")
_MALE = frozenset(("子", "父", "孙子"))
# years between the householder and the relation: added for parents, taken off for the young
_GENERATION = {"父": (20, 30), "母": (18, 28), "子": (-30, -20), "女": (-30, -20), "儿媳": (-30, -20)}
_GRANDCHILD = (-55, -42)
_CADRE_EVERY, _CADRE_FROM, _CADRE_MOST = 6, 10, 36
_TWIN, _TWIN_OF = 5, 2


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One member; `id_number` has 18 characters even where the paper (`legacy_id`) shows 15. '' means none."""

    name: str
    id_number: str
    born_on: date
    male: bool
    relation: str
    phone: str
    card: str
    disability: str
    legacy_id: bool

    def age(self, on: date = AS_OF) -> int:
        """Full years on that day."""
        return on.year - self.born_on.year - ((on.month, on.day) < (self.born_on.month, self.born_on.day))


@dataclass(frozen=True, slots=True, repr=False)
class Household:
    """One household; `people[0]` is the householder. `phone` may be '' (none), a landline or a cadre's."""

    number: str
    village: Village
    group: int
    people: tuple[Person, ...]
    phone: str
    openid: str
    kind: str
    minimum_living: bool
    destitute: bool
    insured: bool
    farmland_mu: Decimal
    grassland_mu: Decimal
    returned_mu: Decimal
    n_sheep: int
    n_cattle: int

    @property
    def householder(self) -> Person:
        """The person whose name the household goes by."""
        return self.people[0]


@dataclass(frozen=True, slots=True)
class County:
    """A county of `n_households` that can be walked any number of times and is the same each time."""

    seed: int
    n_households: int
    townships: tuple[Township, ...]

    @property
    def villages(self) -> tuple[Village, ...]:
        """All villages in order of code."""
        return tuple(village for township in self.townships for village in township.villages)

    def by_village(self) -> Iterator[tuple[Village, list[Household]]]:
        """Each village with its households, in order of code; one village at a time is in memory."""
        settlement = _Settlement(self.seed)
        for village, n in zip(self.villages, self._sizes(), strict=True):
            yield village, settlement.settle(village, n)

    def by_township(self) -> Iterator[tuple[Township, list[tuple[Village, list[Household]]]]]:
        """Each township with its villages and their households; one township at a time is in memory."""
        walk = self.by_village()
        for township in self.townships:
            yield township, [next(walk) for _ in township.villages]

    def households(self) -> Iterator[Household]:
        """Every household in order of village and number."""
        for _, households in self.by_village():
            yield from households

    def _sizes(self) -> list[int]:
        rng = random.Random(f"{self.seed}/sizes")
        weights = [rng.uniform(0.6, 1.4) for _ in self.villages]
        total, so_far, given, sizes = sum(weights), 0.0, 0, []
        for weight in weights:
            so_far += weight
            upto = round(self.n_households * so_far / total)
            sizes.append(upto - given)
            given = upto
        return sizes


def build_county(seed: int = 2026, n_households: int = 20_000) -> County:
    """A county ready to be walked; nothing is generated yet. `n_households` may be 0 to 1,000,000.

    Raises ValueError in Chinese when it is outside that range.
    """
    if not 0 <= n_households <= 1_000_000:
        raise ValueError(f"农户数应在 0 到 1000000 之间，现为 {n_households}")
    return County(seed, n_households, townships())


class _Role(NamedTuple):
    relation: str
    male: bool
    age: int


@dataclass(slots=True)
class _Settlement:
    """What must not repeat from one village to the next."""

    seed: int
    ids: IdRegister = field(default_factory=IdRegister)
    phones: Iterator[int] = field(default_factory=count)
    accounts: Iterator[int] = field(default_factory=count)
    households: Iterator[int] = field(default_factory=count)

    def settle(self, village: Village, n_households: int) -> list[Household]:
        """The village's households, the cadre's first, two of one name among them."""
        rng = random.Random(f"{self.seed}/{village.code}")
        n_carried = min(_CADRE_MOST, n_households // 3) if int(village.code[9:]) % _CADRE_EVERY == 0 else 0
        settled: list[Household] = []
        last_phone = cadre_phone = phone_number(next(self.phones))
        for index in range(n_households):
            carried = _CADRE_FROM <= index < _CADRE_FROM + n_carried
            phone = cadre_phone if carried or index == 0 else self._phone(rng, last_phone)
            if phone.startswith("199"):
                last_phone = phone
            name = settled[_TWIN_OF].householder.name if index == _TWIN else person_name(rng)
            people = self._family(rng, name, phone)
            settled.append(self._household(rng, village, index, (people, phone)))
        return settled

    def _phone(self, rng: random.Random, neighbour: str) -> str:
        roll = rng.random()
        if roll < 0.06:
            return ""
        if roll < 0.08:
            return landline(next(self.phones))
        return neighbour if roll < 0.12 else phone_number(next(self.phones))

    def _family(self, rng: random.Random, name: str, phone: str) -> tuple[Person, ...]:
        age = rng.randint(28, 78)
        male = rng.random() < 0.8
        kin = rng.sample(_YOUNG if age < 62 else _OLD, 4)
        if rng.random() < 0.85:
            kin[0] = "配偶"
        family = [self._person(rng, name, _Role(HOUSEHOLDER, male, age), phone)]
        surname = surname_of(name)
        for relation in kin[: rng.randint(1, 4)]:
            own = relation in ("配偶", "母", "儿媳")
            low, high = (-4, 4) if relation == "配偶" else _GENERATION.get(relation, _GRANDCHILD)
            years = min(101, max(0, age + rng.randint(low, high)))
            is_male = not male if relation == "配偶" else relation in _MALE
            called = person_name(rng, None if own else surname)
            mobile = phone and 18 <= years <= 75 and rng.random() < 0.45
            member_phone = phone_number(next(self.phones)) if mobile else ""
            family.append(self._person(rng, called, _Role(relation, is_male, years), member_phone))
        return tuple(family)

    def _person(self, rng: random.Random, name: str, role: _Role, phone: str) -> Person:
        relation, male, age = role
        born_on = AS_OF - timedelta(days=int(age * 365.25) + rng.randrange(1, 365))
        number = self.ids.issue(born_on, male)
        banked = relation == HOUSEHOLDER or (age >= 16 and rng.random() < 0.5)
        return Person(
            name=name,
            id_number=number,
            born_on=date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
            male=male,
            relation=relation,
            phone=phone,
            card=card_number(next(self.accounts)) if banked else "",
            disability=rng.choice(_DISABILITIES) if rng.random() < 0.03 else "",
            legacy_id=age > 60 and rng.random() < 0.02,
        )

    def _household(
        self, rng: random.Random, village: Village, index: int, home: tuple[tuple[Person, ...], str]
    ) -> Household:
        people, phone = home
        serial, roll = next(self.households), rng.random()
        follows = rng.random() < (0.38 if phone.startswith("199") else 0.05)
        return Household(
            number=f"{village.code}{index + 1:04d}",
            village=village,
            group=1 + index % 6,
            people=people,
            phone=phone,
            openid=openid(serial) if follows else "",
            kind="监测对象" if roll < 0.03 else "脱贫户" if roll < 0.25 else "一般户",
            minimum_living=roll < 0.10,
            destitute=0.10 <= roll < 0.12,
            insured=rng.random() < 0.95,
            farmland_mu=_mu(rng, 0.93, 300, 4500),
            grassland_mu=_mu(rng, 0.25, 500, 12000),
            returned_mu=_mu(rng, 0.30, 100, 2000),
            n_sheep=rng.randint(5, 120) if rng.random() < 0.30 else 0,
            n_cattle=rng.randint(1, 20) if rng.random() < 0.25 else 0,
        )


def _mu(rng: random.Random, share: float, least: int, most: int) -> Decimal:
    return Decimal(rng.randint(least, most)).scaleb(-2) if rng.random() < share else Decimal(0)
