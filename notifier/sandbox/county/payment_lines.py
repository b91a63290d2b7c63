"""Lines of a payment list, good and bad, as field -> cell; the batch decides which fields are written.

The field `fen` is never written: it is what the line adds to its sheet's total.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from notifier.sandbox.county.batches import Batch
from notifier.sandbox.county.claims import Claim
from notifier.sandbox.county.handwriting import Clerk
from notifier.sandbox.county.names import DOT
from notifier.sandbox.county.numbers import stranger_id
from notifier.sandbox.county.people import Household
from notifier.sandbox.county.regions import Village
from notifier.sandbox.county.workbooks import Cell

Row = dict[str, Cell]

# why a payment line cannot be let in; each is planted in turn. Goods carry no amount but a quantity.
SPOILED = ("amount_text", "amount_empty", "amount_negative", "name_missing", "id_float")
_STRANGERS = ("某甲", "某乙", "某丙", "某丁", "某戊")
_ACCOUNT_SHARE, _VILLAGE_SHARE, _ROUNDED_SHARE = 0.03, 0.06, 0.01
_TWINS = (2, 5)
_FEN_PER_10K_YUAN = 1_000_000
_STRANGERS_FEN = 10_000.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who in a village is found by name, or by name and group: members counted by name without dots and blanks."""

    n_called: Counter[str]
    n_in_group: Counter[tuple[str, int]]
    twins: frozenset[str]

    @classmethod
    def among(cls, homes: list[Household]) -> "Neighbours":
        """The names of one village; `twins` are the numbers of its two households of one name, if it has them."""
        called = Counter(_plain(person.name) for home in homes for person in home.people)
        in_group = Counter((_plain(person.name), home.group) for home in homes for person in home.people)
        pair = [homes[at].number for at in _TWINS] if len(homes) > max(_TWINS) else []
        return cls(called, in_group, frozenset(pair))

    def alone(self, name: str) -> bool:
        """True when exactly one person of the village has the name."""
        return self.n_called[_plain(name)] == 1

    def alone_in_group(self, name: str, group: int) -> bool:
        """True when exactly one person of the group has the name."""
        return self.n_in_group[_plain(name), group] == 1


def likeness(batch: Batch, claim: Claim) -> tuple[object, ...]:
    """What a line without id and account says; two lines of a village that say the same are one to every reader."""
    where = claim.home.group if "group" in batch.fields else 0
    return _plain(claim.person.name), where, claim.quantity, claim.standard, claim.amount_fen, claim.note


def _plain(name: str) -> str:
    return name.replace(DOT, "").replace(" ", "")


def line_cells(clerk: Clerk, batch: Batch, claim: Claim) -> Row:
    """The line as it should be: everything that identifies the person is there."""
    return {
        "township": claim.home.village.township,
        "village": clerk.village(claim.home.village),
        "group": clerk.group(claim.home.group),
        "name": clerk.name(claim.person.name),
        "id": claim.person.id_number,
        "holder": clerk.name(claim.holder.name),
        "holder_id": claim.holder.id_number,
        "card": clerk.card(claim.holder.card),
        "quantity": float(claim.quantity),
        "standard": float(claim.standard),
        "claim_note": claim.note,
        **standing_cells(batch, claim.home.village),
        "amount": amount_cell(clerk, batch, claim.amount_fen),
        "fen": float(claim.amount_fen),
    }


def standing_cells(batch: Batch, village: Village) -> Row:
    """What every line of a batch repeats."""
    return {
        "item": batch.item,
        "filing": batch.filing_number,
        "audit": batch.audit_state,
        "period": batch.period,
        "goods": batch.item,
        "unit": "吨",
        "place": f"{village.name}村部",
        "time": "2026-11-28 09:00-16:00",
        "status": "发放失败",
    }


def amount_cell(clerk: Clerk, batch: Batch, fen: int) -> Cell:
    """Money as a number, now and then as a text with commas; in 万元 always a number with all its digits."""
    if batch.unit == "万元":
        return float(Decimal(fen) / _FEN_PER_10K_YUAN)
    yuan = Decimal(fen) / 100
    return f"{yuan:,.2f}" if clerk.rng.random() < 0.05 else float(yuan)


def handle(clerk: Clerk, batch: Batch, claim: Claim, neighbours: Neighbours) -> str:
    """How this line will let its person be found: id, account, village, or ambiguous."""
    if claim.home.number in neighbours.twins and claim.person is claim.home.householder:
        if not claim.home.village.code.endswith(("1", "4", "7")):
            return "id"
        is_told_apart = "group" in batch.fields and neighbours.alone_in_group(claim.person.name, claim.home.group)
        return "village" if is_told_apart else "ambiguous"
    roll = clerk.rng.random()
    if roll < _ACCOUNT_SHARE and "card" in batch.fields and claim.holder is claim.person:
        return "account"
    return "village" if roll < _VILLAGE_SHARE and neighbours.alone(claim.person.name) else "id"


def without_id(clerk: Clerk, row: Row, found_by: str, card: str) -> Row:
    """The row with only what `found_by` leaves: name and account (or its last four), or name and village."""
    if found_by == "id":
        return row
    bare: Row = {"id": "", "holder_id": ""}
    if found_by == "account":
        return row | bare | {"card": f"****{card[-4:]}" if clerk.rng.random() < 0.4 else card}
    return row | bare | {"card": "", "holder": ""}


def rounded_otherwise(clerk: Clerk, claim: Claim, fields: Collection[str]) -> Claim:
    """The claim, its amount one fen off in a few lines where area and standard stand beside it."""
    if {"quantity", "standard", "amount"} <= set(fields) and clerk.rng.random() < _ROUNDED_SHARE:
        return replace(claim, amount_fen=claim.amount_fen + clerk.rng.choice((-1, 1)))
    return claim


def stranger_line(batch: Batch, village: Village, index: int) -> Row:
    """A line for somebody whom no roster knows, half of them with an id."""
    return {
        "township": village.township,
        "village": village.name,
        "name": f"样例{_STRANGERS[index % len(_STRANGERS)]}",
        "id": stranger_id(index) if index % 2 else "",
        "quantity": 1.0,
        "standard": 100.0,
        **standing_cells(batch, village),
        "amount": 0.01 if batch.unit == "万元" else 100.0,
        "fen": _STRANGERS_FEN,
        "claim_note": "账户已销户" if batch.failed else "",
    }


def spoil(row: Row, batch: Batch, reason: str) -> Row:
    """The stranger's line with one thing wrong that no import may mend."""
    measure = "quantity" if batch.goods else "amount"
    wrong: dict[str, Row] = {
        "amount_text": {measure: "待核", "fen": 0.0},
        "amount_empty": {measure: "", "fen": 0.0},
        "amount_negative": {measure: -float(str(row[measure])), "fen": -_STRANGERS_FEN},
        "name_missing": {"name": "", "id": ""},
        "id_float": {"id": float(stranger_id(0)[:15] + "000")},
    }
    return row | wrong[reason]
