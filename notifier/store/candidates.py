"""Whom a line of the queue may mean: registered persons with how sure and why, the surest first; masked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.identity import mask_id, mask_name, normal_name
from notifier.domain.likeness import Evidence, likeness, variants, weigh
from notifier.store.ledger import Ledger

_MOST = 10
_MOST_OF_ONE_NAME = 40
_HASHES_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered person whom the line may mean; masked. `confidence` is from 1 to 99, `reasons` why, in Chinese."""

    person_id: int
    name: str
    id_number: str
    village: str
    group: str | None
    relation: str | None
    confidence: int = 0
    reasons: tuple[str, ...] = ()


# Each a way by which a person comes into question at all; each uses an index of its own.
_WAYS = ("q.name_hash = p.name_hash", "q.account_hash = p.account_hash", "q.id_hash = p.id_hash")
_PERSON = (
    "q.id AS person_id, q.name_sealed, q.id_sealed, q.id_hash, q.account_hash, q.relation, h.group_name, h.state, "
    "COALESCE(r.name, h.region_code) AS village, CASE WHEN q.id = h.householder_id THEN 1 ELSE 0 END AS is_head"
)
# A county has hundreds of some names: those of the line's village come first.
_SIMILAR = (
    "SELECT * FROM (SELECT p.id AS payment_id, {person}, ROW_NUMBER() OVER (PARTITION BY p.id ORDER BY "
    "CASE WHEN r.name = p.village THEN 0 ELSE 1 END, CASE WHEN h.group_name = p.group_name THEN 0 ELSE 1 END, q.id) "
    "AS place FROM payment p JOIN person q ON {way} JOIN household h ON h.id = q.household_id "
    "LEFT JOIN region r ON r.code = h.region_code WHERE {among}) ranked WHERE place <= :most ORDER BY payment_id, place"
)
_NAMED = (
    "SELECT q.name_hash, {person} FROM person q JOIN household h ON h.id = q.household_id AND h.state = 'active' "
    "LEFT JOIN region r ON r.code = h.region_code WHERE q.name_hash IN :hashes ORDER BY q.id"
)


async def candidates(
    c: AsyncConnection, ledger: Ledger, payment_ids: Sequence[int]
) -> Mapping[int, Sequence[Candidate]]:
    """Up to ten for each of the lines, by payment id: namesakes, those with their account or id, and likely slips."""
    among, ids = ledger.among("p.id", "ids"), {"ids": ledger.listed(payment_ids)}
    lines = {
        int(row.id): row
        for row in await c.execute(
            text(
                "SELECT p.id, p.beneficiary_sealed, p.id_hash, p.account_hash, p.village, p.group_name FROM payment p "
                f"WHERE {among}"
            ),
            ids,
        )
    }
    found: dict[int, dict[int, Candidate]] = defaultdict(dict)
    for way in _WAYS:
        ranked = text(_SIMILAR.format(person=_PERSON, way=way, among=among))
        for row in await c.execute(ranked, ids | {"most": _MOST_OF_ONE_NAME}):
            _take(ledger, found, lines[row.payment_id], row)
    await _take_slips(c, ledger, found, lines.values())
    return {
        payment_id: sorted(several.values(), key=lambda one: (-one.confidence, one.person_id))[:_MOST]
        for payment_id, several in found.items()
    }


async def _take_slips(
    c: AsyncConnection, ledger: Ledger, found: dict[int, dict[int, Candidate]], lines: Iterable[Row[Any]]
) -> None:
    meant: dict[bytes, list[Row[Any]]] = defaultdict(list)
    for line in lines:
        name = normal_name(ledger.vault.open_text("payment.beneficiary_sealed", line.id, line.beneficiary_sealed))
        for variant in variants(name):
            meant[ledger.vault.blind("name", variant)].append(line)
    query = text(_NAMED.format(person=_PERSON)).bindparams(bindparam("hashes", expanding=True))
    hashes = list(meant)
    for at in range(0, len(hashes), _HASHES_AT_ONCE):
        for row in await c.execute(query, {"hashes": hashes[at : at + _HASHES_AT_ONCE]}):
            for line in meant[bytes(row.name_hash)]:
                # Elsewhere in the county hundreds have such a name; in the village it is a slip.
                if line.village is not None and _same_village(line, row):
                    _take(ledger, found, line, row)


def _take(ledger: Ledger, found: dict[int, dict[int, Candidate]], line: Row[Any], row: Row[Any]) -> None:
    known = found[line.id]
    if row.person_id in known:
        return
    vault = ledger.vault
    name = vault.open_text("person.name_sealed", row.person_id, row.name_sealed)
    number = "" if row.id_sealed is None else vault.open_text("person.id_sealed", row.person_id, row.id_sealed)
    written = vault.open_text("payment.beneficiary_sealed", line.id, line.beneficiary_sealed)
    both_ids = line.id_hash is not None and row.id_hash is not None
    evidence = Evidence(
        likeness(normal_name(written), normal_name(name)),
        same_id=both_ids and line.id_hash == row.id_hash,
        other_id=both_ids and line.id_hash != row.id_hash,
        same_account=line.account_hash is not None and line.account_hash == row.account_hash,
        same_village=_same_village(line, row),
        same_group=line.group_name is not None and line.group_name == row.group_name,
        is_householder=bool(row.is_head),
        is_registered=row.state == "active",
    )
    confidence, reasons = weigh(evidence)
    known[row.person_id] = Candidate(
        row.person_id,
        mask_name(name),
        mask_id(number),
        row.village,
        row.group_name,
        row.relation,
        confidence,
        reasons,
    )


def _same_village(line: Row[Any], row: Row[Any]) -> bool:
    return line.village is not None and line.village.removesuffix("村").endswith(row.village.removesuffix("村"))
