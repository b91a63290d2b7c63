"""Which payment lines a disbursement's campaign tells: those of its state, or those that a re-issued list corrected."""

CORRECTION = "correction"
"""The purpose of a campaign that tells households what a corrected list says instead."""
_CORRECTED = (
    "(SELECT q.id, q.household_id, q.benefit_id, 'correction' AS state, q.match_state, q.match_why, "
    "COALESCE(q.told_person_id, w.householder_id) AS told_person_id, 0 AS told_retry, q.area_mu, q.standard_fen, "
    "q.amount_fen, q.period, q.returned_why, q.goods, q.quantity_text, q.unit, q.pick_up, x.said_amount_fen, "
    "x.said_quantity_text FROM campaign v JOIN payment_change x ON x.benefit_id = v.benefit_id "
    "AND x.tell_version = v.benefit_version JOIN payment q ON q.id = x.payment_id "
    "JOIN household w ON w.id = q.household_id WHERE v.id = {campaign} AND x.was_told = 1 AND {differs})"
)
DIFFERS = "(x.said_amount_fen IS DISTINCT FROM q.amount_fen OR x.said_quantity_text IS DISTINCT FROM q.quantity_text)"
"""What a household was told last (payment_change x) is not what its line (payment q) says now."""


def lines_of(purpose: str, campaign_id: int) -> str:
    """SQL that stands for `payment`: its columns, and of a correction also what was said before.

    A corrected line's `state` is the purpose, so that the condition on it holds for both.
    """
    return _CORRECTED.format(campaign=int(campaign_id), differs=DIFFERS) if purpose == CORRECTION else "payment"


def said_before(purpose: str) -> str:
    """SQL for two columns of `lines_of … p`: said_amount_fen and said_quantity_text; NULL where nothing was said."""
    if purpose == CORRECTION:
        return "p.said_amount_fen, p.said_quantity_text"
    return "CAST(NULL AS BIGINT) AS said_amount_fen, CAST(NULL AS VARCHAR) AS said_quantity_text"
