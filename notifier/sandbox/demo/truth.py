"""What the synthetic county knows of itself, to hold the service's answers against."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from notifier.sandbox.county import BatchTruth, County, Household, PaymentTruth, RosterTruth
from notifier.sandbox.site.articles import today_in_china

_ELDERLY, _A_FLOCK = 80, 30
_FOR: dict[str, Callable[[Household, date], bool]] = {
    "耕地": lambda home, on: home.farmland_mu > 0,
    "养殖": lambda home, on: home.n_sheep > 0 or home.n_cattle > 0,
    "羊三十只": lambda home, on: home.n_sheep >= _A_FLOCK,
    "高龄": lambda home, on: any(person.age(on) >= _ELDERLY for person in home.people),
}
"""Audiences of the policies that the site publishes, in its own words."""


@dataclass(slots=True)
class Truth:
    """What was written into the files and published on the site. Addresses are phones and openids."""

    rosters: RosterTruth
    baseline: PaymentTruth
    payments: PaymentTruth
    n_followers: int
    policies: dict[str, int] = field(default_factory=dict)
    """Title of each policy that promises something -> households that it is for."""
    addresses: dict[str, set[str]] = field(default_factory=dict, repr=False)
    """Item of each audited batch -> every address of the households that it pays."""

    @property
    def audited(self) -> list[BatchTruth]:
        """The batches that may be told."""
        return [batch for batch in self.payments.batches if batch.audited]

    @property
    def n_campaigns(self) -> int:
        """Campaigns that must come of it all."""
        return len(self.audited) + len(self.policies)

    @property
    def n_owed(self) -> int:
        """Households owed a notice, over all campaigns."""
        return sum(len(batch.owed_households) for batch in self.audited) + sum(self.policies.values())

    @property
    def n_unmatched(self) -> int:
        """Payment lines that only a person can place."""
        return sum(batch.n_ambiguous + batch.n_unknown for batch in self.payments.batches)

    def read_county(self, county: County, published: list[dict[str, str]]) -> None:
        """Audiences and addresses are known, in one walk through the county."""
        on = today_in_china()
        offers = {one["title"]: _FOR[one["audience"]] for one in published if one["topic"]}
        self.policies = dict.fromkeys(offers, 0)
        paid = {batch.item: batch.owed_households for batch in self.audited}
        self.addresses = {item: set() for item in paid}
        for home in county.households():
            for title, is_for in offers.items():
                self.policies[title] += is_for(home, on)
            for item, numbers in paid.items():
                if home.number in numbers:
                    self.addresses[item] |= _addresses(home)


def _addresses(home: Household) -> set[str]:
    return {home.phone, home.openid, *(person.phone for person in home.people)} - {""}
