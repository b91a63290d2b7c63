"""Taking a payment list in: a new batch, more lines of a known one, or corrected ones."""

from collections.abc import Mapping

from notifier.domain.benefits import AuditState, Disbursement, Finding, Issue
from notifier.domain.filing import has_passed
from notifier.store.benefits import add_disbursement, add_lines, hashes_of, line_hash, siblings_without_filing
from notifier.store.filing import Said, declare
from notifier.store.ledger import Ledger, Transaction
from notifier.store.reissuing import Reissued, reissue
from notifier.store.repeated import hold_repeated
from notifier.store.watching import Seen, remember
from notifier.watch.became import Became, Taken, Terms, origin, seen


async def take_batch(
    ledger: Ledger, c: Transaction, finding: Finding, known: Mapping[str, int | None], terms: Terms
) -> Taken:
    """The batch is in the ledger with the transaction `c`; `known` are those of its identities seen before."""
    batch = finding.benefit
    assert isinstance(batch, Disbursement)
    in_file = finding.identities[0]
    benefit_id = next((one for one in known.values() if one is not None), None)
    if not batch.lines:  # rejected rows alone, from behind a cursor
        return Taken(Became.KNOWN, benefit_id)
    if in_file in known and not (terms.is_asked and benefit_id is None):
        return Taken(Became.KNOWN, benefit_id)
    if terms.is_baseline:
        await remember(c, _swallowed(finding, batch, terms.final_audit), None)
        return Taken(Became.BASELINE, None)
    if known and benefit_id is None and not terms.is_asked:
        await remember(c, seen(finding, (in_file,)), None)
        return Taken(Became.BEFORE, None)
    benefit_id = benefit_id or await _same_list(ledger, c, batch)
    taken = await _add(ledger, c, finding, benefit_id, terms)
    await remember(c, seen(finding), taken.benefit_id)
    return taken


async def _add(ledger: Ledger, c: Transaction, finding: Finding, benefit_id: int | None, terms: Terms) -> Taken:
    batch = finding.benefit
    assert isinstance(batch, Disbursement)
    came_from = await origin(ledger, c, finding, terms)
    became, corrected = Became.NEW, Reissued()
    if benefit_id is None:
        benefit_id = await add_disbursement(c, batch, came_from)
    else:
        became, corrected = Became.KNOWN, await reissue(ledger, c, benefit_id, batch, finding.found_at)
    n_new = await add_lines(ledger, c, benefit_id, batch.lines)
    n_repeated = await hold_repeated(ledger, c, benefit_id) if n_new else 0
    said = Said(batch.audit, batch.filing_number is not None, finding.source, finding.found_at)
    rose = await declare(c, benefit_id, said, terms.final_audit)
    if became is Became.KNOWN and (n_new or rose or corrected.n_changed):
        became = Became.MORE
    return Taken(became, benefit_id, n_new, corrected.n_changed, corrected.n_absent, n_repeated)


async def _same_list(ledger: Ledger, c: Transaction, batch: Disbursement) -> int | None:
    """A list without 备案号 is another copy of an earlier one of its item and period when they share a line.

    One that says it corrects an earlier list is the latest one's, whatever its lines say.
    """
    if batch.filing_number is not None:
        return None
    siblings = await siblings_without_filing(c, batch)
    if not siblings:
        return None
    held = await hashes_of(ledger, c, siblings)
    shared = (held.get(line_hash(ledger.vault, line)) for line in batch.lines)
    found = next((benefit_id for benefit_id in shared if benefit_id is not None), None)
    return siblings[-1] if found is None and batch.issue is Issue.AGAIN else found


def _swallowed(finding: Finding, batch: Disbursement, final: AuditState) -> Seen:
    """A batch still being audited when watching began will be new when its audits are done: only this file is old.

    Likewise what comes behind a cursor: the records behind it are new, whatever batch they belong to.
    """
    is_over = has_passed(batch.audit, final) and not finding.advances
    return seen(finding) if is_over else seen(finding, finding.identities[:1])
