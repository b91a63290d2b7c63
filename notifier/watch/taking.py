"""Taking a Finding in: known already, silently swallowed by the baseline, more of a known batch, or a new benefit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from notifier.domain.benefits import AuditState, Disbursement, Finding, Policy
from notifier.domain.filing import has_passed
from notifier.store.benefits import (
    Origin,
    add_disbursement,
    add_lines,
    add_policy,
    hashes_of,
    line_hash,
    siblings_without_filing,
)
from notifier.store.filing import Said, declare
from notifier.store.ledger import Ledger, Transaction
from notifier.store.watching import Seen, keep_snapshot, known_identities, remember


class Became(StrEnum):
    """What a Finding turned out to be."""

    NEW = "new"
    """A new benefit."""
    MORE = "more"
    """A known batch with more lines, or a higher audit."""
    KNOWN = "known"
    """Nothing new."""
    BASELINE = "baseline"
    """There before watching began: it tells nobody."""
    BEFORE = "before"
    """Another copy or part of a batch that the baseline swallowed; told to nobody unless somebody imports it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a Finding. `n_new` counts payment lines that the ledger did not have."""

    became: Became
    benefit_id: int | None
    n_new: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """How findings are taken: the source's region, whether this is its baseline, and which audit is the last one.

    `is_asked`: a person handed the file in, so that even what a baseline swallowed is taken.
    """

    region_code: str | None
    is_baseline: bool
    final_audit: AuditState
    is_asked: bool = False


async def take(ledger: Ledger, finding: Finding, terms: Terms) -> Taken:
    """The finding is in the ledger in one transaction, its snapshot sealed beside it. Safe to repeat."""
    async with ledger.writing() as c:
        known = await known_identities(c, finding.identities)
        if isinstance(finding.benefit, Policy):
            return await _take_policy(ledger, c, finding, known, terms)
        return await _take_batch(ledger, c, finding, known, terms)


async def _take_policy(
    ledger: Ledger, c: Transaction, finding: Finding, known: Mapping[str, int | None], terms: Terms
) -> Taken:
    policy = finding.benefit
    assert isinstance(policy, Policy)
    if known:
        # Republished at a new address, or under a mended title: known under all its keys from now on.
        benefit_id = next((one for one in known.values() if one is not None), None)
        await remember(c, _seen(finding), benefit_id)
        return Taken(Became.KNOWN, benefit_id)
    if terms.is_baseline:
        await remember(c, _seen(finding), None)
        return Taken(Became.BASELINE, None)
    benefit_id = await add_policy(ledger, c, policy, await _origin(ledger, c, finding, terms))
    await remember(c, _seen(finding), benefit_id)
    return Taken(Became.NEW, benefit_id)


async def _take_batch(
    ledger: Ledger, c: Transaction, finding: Finding, known: Mapping[str, int | None], terms: Terms
) -> Taken:
    batch = finding.benefit
    assert isinstance(batch, Disbursement)
    in_file = finding.identities[0]
    benefit_id = next((one for one in known.values() if one is not None), None)
    if in_file in known and not (terms.is_asked and benefit_id is None):
        return Taken(Became.KNOWN, benefit_id)
    if terms.is_baseline:
        await remember(c, _swallowed(finding, batch, terms.final_audit), None)
        return Taken(Became.BASELINE, None)
    if known and benefit_id is None and not terms.is_asked:
        await remember(c, replace(_seen(finding), identities=(in_file,)), None)
        return Taken(Became.BEFORE, None)
    benefit_id = benefit_id or await _same_list(ledger, c, batch)
    origin = await _origin(ledger, c, finding, terms)
    became = Became.KNOWN
    if benefit_id is None:
        benefit_id, became = await add_disbursement(c, batch, origin), Became.NEW
    n_new = await add_lines(ledger, c, benefit_id, batch.lines)
    said = Said(batch.audit, batch.filing_number is not None, finding.source, finding.found_at)
    rose = await declare(c, benefit_id, said, terms.final_audit)
    if became is Became.KNOWN and (n_new or rose):
        became = Became.MORE
    await remember(c, _seen(finding), benefit_id)
    return Taken(became, benefit_id, n_new)


async def _same_list(ledger: Ledger, c: Transaction, batch: Disbursement) -> int | None:
    """A list without 备案号 is another copy of an earlier one of its item and period when they share a line."""
    if batch.filing_number is not None:
        return None
    siblings = await siblings_without_filing(c, batch)
    if not siblings:
        return None
    held = await hashes_of(ledger, c, siblings)
    shared = (held.get(line_hash(ledger.vault, line)) for line in batch.lines)
    return next((benefit_id for benefit_id in shared if benefit_id is not None), None)


def _swallowed(finding: Finding, batch: Disbursement, final: AuditState) -> Seen:
    """A batch still being audited when watching began will be new when its audits are done: only this file is old."""
    seen = _seen(finding)
    return seen if has_passed(batch.audit, final) else replace(seen, identities=finding.identities[:1])


def _seen(finding: Finding) -> Seen:
    return Seen(finding.source, finding.identities, finding.found_at)


async def _origin(ledger: Ledger, c: Transaction, finding: Finding, terms: Terms) -> Origin:
    snapshot_id = await keep_snapshot(ledger, c, finding.source, finding.raw, finding.found_at)
    return Origin(finding.source, terms.region_code, snapshot_id, finding.found_at)
