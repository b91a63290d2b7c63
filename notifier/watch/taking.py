"""Taking a Finding in: known already, silently swallowed by the baseline, more of a known batch, or a new benefit."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.benefits import Finding, Policy
from notifier.sources.looking import LeftOut
from notifier.store.cursors import advance
from notifier.store.ledger import Ledger
from notifier.store.watching import Seen, known_identities, remember
from notifier.watch.batches import take_batch
from notifier.watch.became import Became, Taken, Terms
from notifier.watch.policies import take_policy

__all__ = ["Became", "Taken", "Terms", "swallow", "take"]


async def take(ledger: Ledger, finding: Finding, terms: Terms) -> Taken:
    """The finding is in the ledger in one transaction, its snapshot sealed beside it. Safe to repeat."""
    async with ledger.writing() as c:
        known = await known_identities(c, finding.identities)
        if isinstance(finding.benefit, Policy):
            return await take_policy(ledger, c, finding, known, terms)
        taken = await take_batch(ledger, c, finding, known, terms)
        if finding.advances and finding.memory:
            await advance(c, finding.source, finding.memory)
        return taken


async def swallow(ledger: Ledger, source: str, left_out: Sequence[LeftOut], at: datetime) -> None:
    """What a baseline had to leave out is known from now on, so that it tells nobody when it can be read."""
    identities = [identity for one in left_out for identity in one.identities]
    if identities:
        async with ledger.writing() as c:
            await remember(c, Seen(source, identities, at), None)
