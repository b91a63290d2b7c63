"""Households in a ledger, put there without a roster; payment lists as a clerk writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from sqlalchemy import text

from notifier.domain.identity import normal_name
from notifier.domain.rules import ATTRIBUTES
from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import MU_SCALE

COUNTY = "640425000000"
TOWNSHIP = "640425100000"
VILLAGE, OTHER_VILLAGE = "640425100201", "640425100202"
NAMES = {
    "640000000000": "宁夏回族自治区",
    "640400000000": "固原市",
    COUNTY: "彭阳县",
    TOWNSHIP: "白阳镇",
    VILLAGE: "白阳样例一村",
    OTHER_VILLAGE: "白阳样例二村",
}
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class FrozenClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


def an_id(n: int) -> str:
    """The n-th synthetic id of the county, with a valid check digit."""
    body = f"64042519700101{n:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


@dataclass
class Home:
    """A household of one person as a test wants it; `attributes` by column, areas in 亩."""

    name: str
    id_number: str | None = None
    tail: str | None = None
    village: str = VILLAGE
    group: str | None = None
    state: str = "active"
    attributes: dict[str, Decimal | int] = field(default_factory=dict)


_HOUSEHOLD = (
    "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, is_low_income, is_destitute, "
    "is_out_of_poverty, is_monitored, is_insured, n_disabled, n_elderly, n_sheep, n_cattle, n_pigs, farmland_mu, "
    "grassland_mu, reforested_mu, content_digest, registered_at, changed_at) VALUES (:id, :key, :region, :group, :id, "
    ":state, :is_low_income, :is_destitute, :is_out_of_poverty, :is_monitored, :is_insured, :n_disabled, :n_elderly, "
    ":n_sheep, :n_cattle, :n_pigs, :farmland_mu, :grassland_mu, :reforested_mu, :key, 0, 0)"
)
_PERSON = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_sealed, id_hash, id_is_legacy, "
    "account_hash) VALUES (:id, :household, '户主', :name, :name_hash, :id_sealed, :id_hash, 0, :account)"
)
_ATTRIBUTES = [one.column for one in ATTRIBUTES]


async def register(ledger: Ledger, homes: Sequence[Home]) -> list[int]:
    """The homes are households of one person each; their ids, in order, which are their persons' ids too."""
    async with ledger.writing() as c:
        await c.execute(
            text(
                "INSERT INTO region (code, name, level, parent) VALUES (:code, :name, 'x', NULL) "
                "ON CONFLICT (code) DO NOTHING"
            ),
            [{"code": code, "name": name} for code, name in NAMES.items()],
        )
        ids = list(await take_ids(c, "household", len(homes)))
        persons = list(await take_ids(c, "person", len(homes)))
        assert ids == persons
        await c.execute(text(_HOUSEHOLD), [_household(n, home) for n, home in zip(ids, homes, strict=True)])
        await c.execute(text(_PERSON), [_person(ledger, n, home) for n, home in zip(ids, homes, strict=True)])
    return ids


def _household(n: int, home: Home) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(_ATTRIBUTES, 0)
    for column, value in home.attributes.items():
        values[column] = int(value * MU_SCALE) if column.endswith("_mu") else int(value)
    where = {"id": n, "key": str(n).encode(), "region": home.village, "group": home.group, "state": home.state}
    return values | where


def _person(ledger: Ledger, n: int, home: Home) -> dict[str, Any]:
    vault, name = ledger.vault, normal_name(home.name)
    return {
        "id": n,
        "household": n,
        "name": vault.seal_text("person.name_sealed", n, home.name),
        "name_hash": vault.blind("name", name),
        "id_sealed": vault.seal_text("person.id_sealed", n, home.id_number) if home.id_number else None,
        "id_hash": vault.blind("id", home.id_number) if home.id_number else None,
        "account": vault.blind("account", f"{home.tail}|{name}") if home.tail else None,
    }


FARMLAND = (
    "序号",
    "行政村",
    "村民小组",
    "姓名",
    "身份证号",
    "补贴项目",
    "补贴面积(亩)",
    "补贴标准(元/亩)",
    "补贴金额(元)",
    "一卡通账号",
)
TITLE = "备案号:彭农补备〔2026〕12号  审核状态:县级审核通过  期次:2026年"
Cell = str | float | None


def a_line(name: str, id_number: Cell = None, *, area: float = 10, card: Cell = None, **other: Cell) -> list[Cell]:
    """A line under FARMLAND that is right in itself: 10 亩 at 98.6 元."""
    said: dict[str, Cell] = {
        "village": "白阳样例一村", "group": None, "item": "耕地地力保护补贴", "amount": round(area * 98.6, 2), **other,
    }  # fmt: skip
    return [1.0, said["village"], said["group"], name, id_number, said["item"], area, 98.6, said["amount"], card]


def a_workbook(
    lines: Sequence[Sequence[Cell]], *, titles: Sequence[str] = ("彭阳县2026年耕地地力保护补贴发放清册", TITLE),
    header: Sequence[str] = FARMLAND, sheet: str = "清单",
) -> bytes:  # fmt: skip
    """An xlsx with titles above the header; str cells are text, numbers are number cells."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        for at, row in enumerate([*([title] for title in titles), header, *lines]):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(at, column, cell)
                elif cell is not None:
                    page.write_number(at, column, cell)
    return content.getvalue()
