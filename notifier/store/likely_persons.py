"""Lines whose id is somebody's of another name: a slip of the pen is the same person, anything else is for people.

Only these lines are opened, a page at a time; lines whose names agree are matched without opening any.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import normal_name
from notifier.domain.likeness import Likeness, likeness
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

_PAGE = 2000
_DOUBT = "身份证号与姓名指向不同的人，请核对"
_CONFIDENCE = {
    Likeness.SAME: 100,
    Likeness.DOTS: 95,
    Likeness.SHAPE: 95,
    Likeness.SOUND: 95,
    Likeness.ORDER: 90,
    Likeness.ONE_CHARACTER: 90,
}
_OF_ANOTHER_NAME = (
    "SELECT p.id, p.beneficiary_sealed, q.id AS person_id, q.household_id, q.name_sealed FROM payment p "
    "JOIN person q ON q.id_hash = p.id_hash JOIN household h ON h.id = q.household_id AND h.state = 'active' "
    "WHERE p.benefit_id = :benefit AND p.match_state = 'new' AND p.id > :after ORDER BY p.id LIMIT :most"
)
_DECIDED = (
    "UPDATE payment SET match_state = :state, person_id = CAST(:person AS BIGINT), "
    "household_id = CAST(:household AS BIGINT), confidence = :confidence, match_why = :why WHERE id = :id"
)


async def match_names_alike(c: AsyncConnection, ledger: Ledger, benefit_id: int) -> None:
    """New lines with a registered id and a name like its person's are matched; those of quite another name wait."""
    after = 0
    while True:
        bound = {"benefit": benefit_id, "after": after, "most": _PAGE}
        rows = (await c.execute(text(_OF_ANOTHER_NAME), bound)).all()
        if not rows:
            return
        await c.execute(text(_DECIDED), [_decided(ledger, row) for row in rows])
        after = rows[-1].id


def _decided(ledger: Ledger, row: Row[Any]) -> dict[str, Any]:
    written = ledger.vault.open_text("payment.beneficiary_sealed", row.id, row.beneficiary_sealed)
    registered = ledger.vault.open_text("person.name_sealed", row.person_id, row.name_sealed)
    alike = likeness(normal_name(written), normal_name(registered))
    if alike is Likeness.OTHER:
        return {"id": row.id, "state": "ambiguous", "person": None, "household": None, "confidence": 0, "why": _DOUBT}
    return {
        "id": row.id,
        "state": "matched",
        "person": row.person_id,
        "household": row.household_id,
        "confidence": _CONFIDENCE[alike],
        "why": f"身份证号一致，{alike.value}",
    }


async def remember(c: AsyncConnection, payment_id: int, who: str) -> None:
    """Whom the person who decided this line meant by it is known from now on, see `MatchDecision`.

    A line without id and account is not remembered: another of that name would be taken for them.
    """
    await c.execute(
        text(
            "INSERT INTO match_decision (line_hash, name_hash, id_hash, account_hash, person_id, person_name_hash, "
            "person_id_hash, decided_by, decided_at) "
            "SELECT p.name_hash || COALESCE(p.id_hash, p.account_hash), p.name_hash, p.id_hash, p.account_hash, q.id, "
            "q.name_hash, q.id_hash, CAST(:who AS TEXT), CAST(:at AS BIGINT) FROM payment p "
            "JOIN person q ON q.id = p.person_id WHERE p.id = :payment "
            "AND COALESCE(p.id_hash, p.account_hash) IS NOT NULL "
            "ON CONFLICT (line_hash) DO UPDATE SET account_hash = excluded.account_hash, "
            "person_id = excluded.person_id, person_name_hash = excluded.person_name_hash, "
            "person_id_hash = excluded.person_id_hash, decided_by = excluded.decided_by, "
            "decided_at = excluded.decided_at"
        ),
        {"payment": payment_id, "who": who, "at": stamp(datetime.now(UTC))},
    )


BY_DECISION = (
    "WITH known AS (SELECT p.id AS payment_id, q.id AS person_id, q.household_id, d.decided_by FROM payment p "
    "JOIN match_decision d ON d.name_hash = p.name_hash AND (d.id_hash = p.id_hash "
    "OR d.id_hash IS NULL AND p.id_hash IS NULL AND d.account_hash = p.account_hash) "
    "JOIN person q ON q.id = d.person_id AND q.name_hash = d.person_name_hash "
    "AND (q.id_hash = d.person_id_hash OR q.id_hash IS NULL AND d.person_id_hash IS NULL) "
    "JOIN household h ON h.id = q.household_id AND h.state = 'active' "
    "WHERE p.benefit_id = :benefit AND p.match_state = 'new') "
    "UPDATE payment SET match_state = 'matched', person_id = known.person_id, household_id = known.household_id, "
    "confidence = 85, match_why = '沿用' || known.decided_by || '对同一姓名、证号（账号）的核对' "
    "FROM known WHERE known.payment_id = payment.id"
)
