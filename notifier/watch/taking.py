"""Taking a Finding in: known already, silently swallowed by the baseline, more of a known batch, or a new benefit."""

from collections.abc import Mapping

from notifier.domain.benefits import Finding, Policy
from notifier.store.benefits import add_policy
from notifier.store.cursors import advance
from notifier.store.ledger import Ledger, Transaction
from notifier.store.watching import known_identities, remember
from notifier.watch.batches import take_batch
from notifier.watch.became import Became, Taken, Terms, origin, seen

__all__ = ["Became", "Taken", "Terms", "take"]


async def take(ledger: Ledger, finding: Finding, terms: Terms) -> Taken:
    """The finding is in the ledger in one transaction, its snapshot sealed beside it. Safe to repeat."""
    async with ledger.writing() as c:
        known = await known_identities(c, finding.identities)
        if isinstance(finding.benefit, Policy):
            return await _take_policy(ledger, c, finding, known, terms)
        taken = await take_batch(ledger, c, finding, known, terms)
        if finding.advances and finding.memory:
            await advance(c, finding.source, finding.memory)
        return taken


async def _take_policy(
    ledger: Ledger, c: Transaction, finding: Finding, known: Mapping[str, int | None], terms: Terms
) -> Taken:
    policy = finding.benefit
    assert isinstance(policy, Policy)
    if known:
        # Republished at a new address, or under a mended title: known under all its keys from now on.
        benefit_id = next((one for one in known.values() if one is not None), None)
        await remember(c, seen(finding), benefit_id)
        return Taken(Became.KNOWN, benefit_id)
    if terms.is_baseline:
        await remember(c, seen(finding), None)
        return Taken(Became.BASELINE, None)
    benefit_id = await add_policy(ledger, c, policy, await origin(ledger, c, finding, terms))
    await remember(c, seen(finding), benefit_id)
    return Taken(Became.NEW, benefit_id)
