"""Who is paid what: for each kind of subsidy, the claims a household has by its land, its people and its standing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from notifier.sandbox.county.people import Household, Person

FARMLAND_YUAN = Decimal("98.60")
GRASSLAND_YUAN = Decimal("7.50")
RETURNED_YUAN = Decimal("500")
MINIMUM_LIVING_YUAN = Decimal("420")
DISABILITY_YUAN = Decimal("110")
N_MONTHS = 3

_TWO_PLOTS_GROUP = 3
_FAILED_EVERY = 3
_OLD_AGE = 80
_TIERS = ((100, "100周岁以上", 500), (90, "90-99周岁", 300), (_OLD_AGE, "80-89周岁", 100))
_FAILURES = ("姓名与账户不符", "账户已销户", "账号错误", "证件号码不符")


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """One line of a payment list. `quantity` is mu, months, persons or tons, by kind; `note` its kind's extra."""

    home: Household
    person: Person
    holder: Person
    quantity: Decimal
    standard: Decimal
    amount_fen: int
    note: str = ""


ClaimsOf = Callable[[Household], Iterator[Claim]]


def to_fen(yuan: Decimal) -> int:
    """Yuan rounded half up to whole fen."""
    return int((yuan * 100).quantize(Decimal(1), ROUND_HALF_UP))


def farmland(home: Household) -> Iterator[Claim]:
    """The contracted land, in two lines where a household's plots lie apart."""
    plots = [home.farmland_mu]
    if home.group == _TWO_PLOTS_GROUP:
        near = (home.farmland_mu * Decimal("0.4")).quantize(Decimal("0.01"))
        plots = [near, home.farmland_mu - near]
    yield from (_by_area(home, mu, FARMLAND_YUAN) for mu in plots if mu)


def grassland(home: Household) -> Iterator[Claim]:
    """Grassland closed to grazing."""
    if home.grassland_mu:
        yield _by_area(home, home.grassland_mu, GRASSLAND_YUAN)


def returned(home: Household) -> Iterator[Claim]:
    """Farmland given back to forest."""
    if home.returned_mu:
        yield _by_area(home, home.returned_mu, RETURNED_YUAN)


def minimum_living(home: Household) -> Iterator[Claim]:
    """A quarter's minimum living allowance for everybody in the household, on the householder's card."""
    if home.minimum_living:
        n_people = Decimal(len(home.people))
        amount = to_fen(MINIMUM_LIVING_YUAN * n_people * N_MONTHS)
        yield Claim(home, home.householder, home.householder, n_people, MINIMUM_LIVING_YUAN, amount)


def old_age(home: Household) -> Iterator[Claim]:
    """A quarter's allowance for each member of eighty and more, often on the householder's card."""
    for person in home.people:
        for least, tier, yuan in _TIERS:
            if person.age() >= least:
                holder = person if person.card else home.householder
                amount = to_fen(Decimal(yuan) * N_MONTHS)
                yield Claim(home, person, holder, Decimal(N_MONTHS), Decimal(yuan), amount, tier)
                break


def winter_coal(home: Household) -> Iterator[Claim]:
    """A ton of coal for the poorest households: goods, no money."""
    if home.minimum_living or home.destitute or home.kind == "监测对象":
        yield Claim(home, home.householder, home.householder, Decimal(1), Decimal(0), 0)


def failed_disability(home: Household) -> Iterator[Claim]:
    """The allowance of a disabled member which the bank sent back, with the bank's reason as the note."""
    for person in home.people:
        serial = int(home.number)
        if person.disability and serial % _FAILED_EVERY == 0:
            holder = person if person.card else home.householder
            amount = to_fen(DISABILITY_YUAN * N_MONTHS)
            reason = _FAILURES[serial // _FAILED_EVERY % len(_FAILURES)]
            yield Claim(home, person, holder, Decimal(N_MONTHS), DISABILITY_YUAN, amount, reason)


def _by_area(home: Household, mu: Decimal, standard: Decimal) -> Claim:
    return Claim(home, home.householder, home.householder, mu, standard, to_fen(mu * standard))
