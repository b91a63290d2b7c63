"""Whose chain each payment line is told in, decided once, when its household is composed."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.composing import Told

# Whose chain a payment line belongs to: the beneficiary's if they can be addressed themselves, else the householder's.
# A number that others of the household carry too is not the beneficiary's own: it would get a text for each of them.
_CHAIN_PERSON = (
    "CASE WHEN EXISTS (SELECT 1 FROM contact own WHERE own.household_id = h.id AND own.person_id = p.person_id "
    "AND own.state = 'usable' AND own.is_shared = 0 AND NOT EXISTS (SELECT 1 FROM contact same "
    "WHERE same.household_id = h.id AND same.value_hash = own.value_hash AND same.person_id <> own.person_id "
    "AND same.state = 'usable')) THEN p.person_id ELSE h.householder_id END"
)


async def assign_lines(c: AsyncConnection, told: Told, first_owed: int, last_owed: int) -> None:
    """Each untold line of the range's households is in a chain, and stays there whatever their contacts do later.

    Lines of a household that has messages already are in its next retry. Safe to repeat.
    """
    await c.execute(
        text(
            "UPDATE payment AS p SET "
            f"told_person_id = (SELECT {_CHAIN_PERSON} FROM household h WHERE h.id = p.household_id), "
            "told_retry = coalesce((SELECT MAX(m.retry) + 1 FROM owed o JOIN message m ON m.owed_id = o.id "
            "WHERE o.campaign_id = :campaign AND o.household_id = p.household_id), 0) "
            "WHERE p.benefit_id = :benefit AND p.state = :purpose AND p.match_state = 'matched' "
            "AND p.told_person_id IS NULL AND p.household_id IN (SELECT o.household_id FROM owed o "
            "WHERE o.campaign_id = :campaign AND o.id BETWEEN :lo AND :hi AND o.composed_step = -1)"
        ),
        {
            "campaign": told.campaign_id,
            "benefit": told.benefit_id,
            "purpose": told.purpose,
            "lo": first_owed,
            "hi": last_owed,
        },
    )
