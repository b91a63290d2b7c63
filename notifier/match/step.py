"""The door of the room: benefits propose campaigns, lines find their persons, launched campaigns are planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from notifier.domain import settings
from notifier.domain.benefits import AuditState
from notifier.domain.contracts import Clock
from notifier.match.open_list import entry_for
from notifier.match.places import renamed_places, village_places
from notifier.match.proposals import from_corrections, from_lines, from_policy
from notifier.match.taxonomy import load_taxonomy
from notifier.match.understanding import Published, understand
from notifier.store.disclosure import entries
from notifier.store.ledger import Ledger
from notifier.store.matching import (
    Matched,
    benefits_to_match,
    forget_failures,
    match_lines,
    region_tree,
    villages_to_match,
)
from notifier.store.planning import plan_due
from notifier.store.proposing import propose, untold_corrections, untold_lines, untold_policies
from notifier.store.region_aliases import region_aliases

_LOG = structlog.get_logger(__name__)


class Slices(Protocol):
    """The settings that matching needs; the whole settings have them."""

    @property
    def match(self) -> settings.Match:
        """Where the taxonomy is."""
        ...

    @property
    def campaigns(self) -> settings.Campaigns:
        """Reviews and ladders."""
        ...

    @property
    def watch(self) -> settings.Watch:
        """Which audit is the last one."""
        ...


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What one step did. `matched` counts payment lines by benefit, `planned` new Owed rows by campaign."""

    n_campaigns: int
    matched: Mapping[int, Matched]
    planned: Mapping[int, int]


async def step(ledger: Ledger, slices: Slices, clock: Clock) -> MatchReport:
    """Campaigns are proposed, new lines matched or queued, and launched campaigns planned. Safe to repeat.

    A disbursement whose audits are not done proposes nothing. Raises ConfigError when a policy waits and the taxonomy
    cannot be read; the other work is done before.
    """
    # Before matching: lines that are new are what makes a benefit worth looking through.
    n_campaigns = await _propose_lines(ledger, slices, clock)
    matched = {benefit_id: await _match(ledger, benefit_id) for benefit_id in await benefits_to_match(ledger)}
    planned = await plan_due(ledger, clock)
    n_campaigns += await _propose_policies(ledger, slices, clock)
    if n_campaigns or matched or planned:
        _LOG.info("matched", campaigns=n_campaigns, benefits=len(matched), owed=sum(planned.values()))
    return MatchReport(n_campaigns, matched, planned)


async def rematch(ledger: Ledger, slices: Slices, clock: Clock) -> MatchReport:
    """Lines that were ambiguous or unknown were tried again with the registry as it is now. Safe to repeat."""
    await forget_failures(ledger)
    return await step(ledger, slices, clock)


async def _match(ledger: Ledger, benefit_id: int) -> Matched:
    texts = await villages_to_match(ledger, benefit_id)
    if not texts:
        return await match_lines(ledger, benefit_id, ())
    tree = await region_tree(ledger)
    places = [*village_places(texts, tree), *renamed_places(texts, await region_aliases(ledger), tree)]
    return await match_lines(ledger, benefit_id, list(dict.fromkeys(places)))


async def _propose_lines(ledger: Ledger, slices: Slices, clock: Clock) -> int:
    untold = await untold_lines(ledger, AuditState(slices.watch.final_audit))
    proposals = [from_lines(lines, slices.campaigns) for lines in untold]
    corrected = await untold_corrections(ledger, AuditState(slices.watch.final_audit))
    proposals += [from_corrections(lines, slices.campaigns) for lines in corrected]
    return await propose(ledger, proposals, clock.now())


async def _propose_policies(ledger: Ledger, slices: Slices, clock: Clock) -> int:
    untold = await untold_policies(ledger)
    if not untold:
        return 0
    taxonomy, tree = load_taxonomy(slices.match.taxonomy_file), await region_tree(ledger)
    listed = await entries(ledger)
    proposals = []
    for policy in untold:
        one = understand(
            Published(policy.title, policy.body, policy.issuer, policy.region_code, policy.published_on), taxonomy, tree
        )
        proposals.append(from_policy(policy, one, entry_for(one, policy.title, listed), slices.campaigns, tree))
    return await propose(ledger, proposals, clock.now())
