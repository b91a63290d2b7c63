"""Parts of long texts: each has a receipt of its own, and together they are one word about their message."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.ledger import Ledger
from notifier.store.receipts import Word


@dataclass(frozen=True, slots=True)
class Parted:
    """An attempt whose one message went out in parts."""

    attempt_id: int
    parts: Sequence[str]


async def note_parts(c: AsyncConnection, parted: Sequence[Parted]) -> None:
    """The parts wait for their receipts under their attempt's gateway. Empty is fine. Safe to repeat."""
    rows = [{"ref": ref, "attempt": one.attempt_id} for one in parted for ref in one.parts]
    if rows:
        await c.execute(
            text(
                "INSERT INTO part (gateway, ref, attempt_id) SELECT gateway, :ref, id FROM attempt "
                "WHERE id = :attempt ON CONFLICT (gateway, ref) DO NOTHING"
            ),
            rows,
        )


async def join_parts(c: AsyncConnection, ledger: Ledger, words: Sequence[Word]) -> list[Word]:
    """The words about whole messages: as they came, and one for each message whose parts say something by now.

    All parts delivered is delivered, any part failed is failed, else there is no word yet. What a part's receipt says
    is kept; a later `delivered` replaces a failure. Order and repetition do not matter.
    """
    attempts = await _attempts(c, ledger, words)
    of_parts = [word for word in words if _key(word) in attempts]
    if not of_parts:
        return list(words)
    await _keep(c, of_parts)
    last = {attempts[_key(word)]: word for word in of_parts}
    whole = await _whole(c, ledger, last)
    return [word for word in words if _key(word) not in attempts] + whole


_Key = tuple[str, str]


def _key(word: Word) -> _Key:
    return word.gateway, word.provider_ref


async def _attempts(c: AsyncConnection, ledger: Ledger, words: Iterable[Word]) -> dict[_Key, int]:
    """The attempt of each part; all parts of those attempts are locked, so that no two folds each miss the other's."""
    refs = sorted({word.provider_ref for word in words if word.provider_ref and not word.out_id})
    if not refs:
        return {}
    lock = "" if ledger.is_sqlite else " FOR UPDATE"
    rows = await c.execute(
        text(
            "SELECT gateway, ref, attempt_id FROM part WHERE attempt_id IN (SELECT attempt_id FROM part "
            f"WHERE ref IN :refs) ORDER BY gateway, ref{lock}"
        ).bindparams(bindparam("refs", expanding=True)),
        {"refs": refs},
    )
    return {(row.gateway, row.ref): int(row.attempt_id) for row in rows}


async def _keep(c: AsyncConnection, words: Sequence[Word]) -> None:
    await c.execute(
        text(
            "UPDATE part SET delivered = :delivered, code = :code, reason = :reason "
            "WHERE gateway = :gateway AND ref = :ref AND coalesce(delivered, 0) = 0"
        ),
        [
            {
                "gateway": word.gateway,
                "ref": word.provider_ref,
                "delivered": int(word.delivered),
                "code": word.code,
                "reason": word.reason,
            }
            for word in words
        ],
    )


async def _whole(c: AsyncConnection, ledger: Ledger, last: dict[int, Word]) -> list[Word]:
    rows = (
        await c.execute(
            text(
                "SELECT p.attempt_id, p.delivered, p.code, p.reason, a.out_id, a.n_parts FROM part p "
                f"JOIN attempt a ON a.id = p.attempt_id WHERE {ledger.among('p.attempt_id', 'ids')} "
                "ORDER BY p.attempt_id, p.ref"
            ),
            {"ids": ledger.listed(sorted(last))},
        )
    ).all()
    whole = []
    for attempt_id, word in last.items():
        parts = [row for row in rows if row.attempt_id == attempt_id]
        failed = next((row for row in parts if row.delivered == 0), None)
        if failed is not None:
            said = replace(word, delivered=False, code=failed.code, reason=failed.reason)
        elif all(row.delivered for row in parts) and len(parts) >= parts[0].n_parts:
            said = replace(word, delivered=True, reason=None)
        else:
            continue
        whole.append(replace(said, out_id=parts[0].out_id, provider_ref=""))
    return whole
