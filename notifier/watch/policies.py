"""Taking a policy in: new, known, changed (更正), or without a date."""

from collections.abc import Mapping

from notifier.domain.benefits import Finding, Policy
from notifier.store.attachments import Owner, keep_attachments
from notifier.store.benefits import add_policy
from notifier.store.ledger import Ledger, Transaction
from notifier.store.undated import close_item, keep_undated, waiting_item
from notifier.store.versions import add_version, is_of_source, note_shown, version_of
from notifier.store.watching import remember
from notifier.watch.became import Became, Taken, Terms, origin, seen

_BY_ITSELF = "system"


async def take_policy(
    ledger: Ledger, c: Transaction, finding: Finding, known: Mapping[str, int | None], terms: Terms
) -> Taken:
    """The policy is in the caller's transaction with its snapshot and attachments. Safe to repeat."""
    policy = finding.benefit
    assert isinstance(policy, Policy)
    if known:
        # Republished at a new address, or under a mended title: known under all its keys from now on.
        benefit_id = next((one for one in known.values() if one is not None), None)
        if benefit_id is not None:
            return await _again(ledger, c, finding, benefit_id)
        item_id = await waiting_item(c, finding.identities)
        if item_id is None or policy.published_on is None:
            await remember(c, seen(finding), None)
            return Taken(Became.KNOWN, None)
        # Its page came to say when it was published, so that nobody needs to.
        benefit_id = await _new(ledger, c, finding, terms)
        await close_item(c, item_id, "published", (_BY_ITSELF, finding.found_at), None)
        return Taken(Became.NEW, benefit_id)
    if terms.is_baseline:
        await remember(c, seen(finding), None)
        return Taken(Became.BASELINE, None)
    if policy.published_on is None:
        item_id = await keep_undated(c, finding, await origin(ledger, c, finding, terms))
        owner = Owner(finding.source, finding.found_at, undated_id=item_id)
        await keep_attachments(ledger, c, owner, finding.attachments)
        await remember(c, seen(finding), None)
        return Taken(Became.UNDATED, None)
    return Taken(Became.NEW, await _new(ledger, c, finding, terms))


async def _new(ledger: Ledger, c: Transaction, finding: Finding, terms: Terms) -> int:
    assert isinstance(finding.benefit, Policy)
    benefit_id = await add_policy(ledger, c, finding.benefit, await origin(ledger, c, finding, terms))
    await keep_attachments(ledger, c, Owner(finding.source, finding.found_at, benefit_id), finding.attachments)
    await remember(c, seen(finding), benefit_id)
    await note_shown(c, finding, benefit_id)
    return benefit_id


async def _again(ledger: Ledger, c: Transaction, finding: Finding, benefit_id: int) -> Taken:
    """A text that the same source showed differently before, or shows at a new address, may be a correction.

    What another source makes of the same page is none: a feed's summary differs from the page by nature.
    """
    await remember(c, seen(finding), benefit_id)
    differs = await note_shown(c, finding, benefit_id)
    if differs is None:
        differs = await is_of_source(c, benefit_id, finding.source)
    version = await add_version(ledger, c, finding, benefit_id) if differs else None
    if version is None:
        await _later_attachments(ledger, c, finding, benefit_id)
        return Taken(Became.KNOWN, benefit_id)
    await keep_attachments(ledger, c, Owner(finding.source, finding.found_at, benefit_id, version), finding.attachments)
    return Taken(Became.CHANGED, benefit_id)


async def _later_attachments(ledger: Ledger, c: Transaction, finding: Finding, benefit_id: int) -> None:
    """A file that could not be had at first, or was hung on the page later, belongs to the text that stands there."""
    if finding.attachments and await is_of_source(c, benefit_id, finding.source):
        version = await version_of(c, benefit_id)
        await keep_attachments(
            ledger, c, Owner(finding.source, finding.found_at, benefit_id, version), finding.attachments
        )
