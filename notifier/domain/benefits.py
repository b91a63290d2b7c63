"""Benefits as they come in: what a source found, policies, disbursements and their payment lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class BenefitKind(StrEnum):
    """Which kind of benefit; decides templates, ladder and default number of reviews."""

    POLICY = "policy"
    """惠民政策: a published document; who is owed it comes from a rule."""
    DISBURSEMENT = "disbursement"
    """发放批次: payment lines; who is owed it are the households of its lines."""


class AuditState(StrEnum):
    """三级审核: how far a disbursement's audits have come. Only COUNTY (by default) lets a notice out."""

    NONE = "none"
    """未审核."""
    VILLAGE = "village"
    """村级审核通过."""
    TOWNSHIP = "township"
    """乡级审核通过."""
    COUNTY = "county"
    """县级审核通过."""
    RETURNED = "returned"
    """待整改: sends nobody anything."""


class PaymentState(StrEnum):
    """What became of one payment line."""

    PAID = "paid"
    """发放成功."""
    RETURNED = "returned"
    """退票: the bank sent it back; the reason is on the line."""
    GOODS = "goods"
    """物资: something to pick up, not money."""


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One line of a payment workbook as read and normalised, before anybody is matched.

    Names, id, card are plain here and leave memory only sealed. `amount_fen` is None for goods. `row` is 1-based in
    `sheet`. `account_tail` is the last four digits or None. `id_number` is None when absent or masked in the file.
    """

    sheet: str
    row: int
    beneficiary: str = field(repr=False)
    holder: str | None = field(repr=False)
    id_number: str | None = field(repr=False)
    account_tail: str | None = field(repr=False)
    village: str | None
    group: str | None
    item: str
    area_mu: Decimal | None
    standard_fen: int | None
    amount_fen: int | None
    period: str | None
    state: PaymentState
    returned_why: str | None = None
    goods: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    pick_up: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A row that cannot be used, with the reason in Chinese; `cells` under `header` go back to the uploader only."""

    sheet: str
    row: int
    why: str
    cells: Sequence[str] = field(repr=False)
    header: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A published document. `body` is plain text, `document_number` normalised (固政办发〔2026〕98号) or None."""

    title: str
    issuer: str | None
    document_number: str | None
    published_on: date | None
    url: str
    body: str


class Issue(StrEnum):
    """How a list stands to the lines of its batch that are known already."""

    LIST = "list"
    """A list like any other: it corrects lines when it holds most of the batch's persons again."""
    AGAIN = "again"
    """It says that it corrects an earlier list (更正, 修正 …)."""
    PART = "part"
    """A part by its nature: rows that were mended, records behind a cursor. It only adds."""


@dataclass(frozen=True, slots=True)
class Disbursement:
    """One batch of payments of one item. `filing_number` is the 备案号; `title` says item and period."""

    title: str
    item: str
    period: str | None
    filing_number: str | None
    audit: AuditState
    basis: str | None
    lines: Sequence[PaymentLine] = field(repr=False)
    rejected: Sequence[RejectedLine] = field(repr=False)
    issue: Issue = Issue.LIST


class AttachmentKind(StrEnum):
    """What an attachment of a published page turned out to be."""

    TEXT = "text"
    """Its text could be read."""
    PAYMENTS = "payments"
    """A payment list: a draft that waits until a person takes it in; never told by itself."""
    OTHER = "other"
    """Kept, not read."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that hangs on a published page. `text` is masked and empty unless its kind is TEXT; `n_lines` counts the
    lines of a payment list; `why` says in Chinese what could not be read."""

    name: str
    url: str
    content: bytes = field(repr=False)
    kind: AttachmentKind
    text: str = field(repr=False)
    n_lines: int
    why: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a source shows. `identities` are its stable keys (normalised URL; title + 文号; file digest + item):
    it is known already when any of them is. `raw` is the snapshot kept as proof, sealed. `advances`: the source was
    read up to `memory`, which is kept in the same commit as what was found."""

    source: str
    identities: Sequence[str]
    benefit: Policy | Disbursement
    raw: bytes = field(repr=False)
    found_at: datetime
    memory: dict[str, str] = field(default_factory=dict)
    advances: bool = False
    attachments: Sequence[Attachment] = ()
