"""Households, campaigns and payment lines, put straight into the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from notifier.store.ledger import Ledger
from notifier.store.sealing import Vault
from notifier.store.tables.columns import stamp

VILLAGES = ("640425100201", "640425100202", "640425101201")


@dataclass(frozen=True)
class A:
    """A household as a test wants it: its members' phones (None: no phone), the first is the householder's.

    `openid` is that of member number `openid_of`.
    """

    phones: Sequence[str | None] = (None,)
    openid: str | None = None
    shared: bool = False
    openid_of: int = 0


_HOUSEHOLD = (
    "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, is_low_income, is_destitute, "
    "is_out_of_poverty, is_monitored, is_insured, n_disabled, n_elderly, n_sheep, n_cattle, n_pigs, farmland_mu, "
    "grassland_mu, reforested_mu, content_digest, registered_at, changed_at) VALUES (:id, :hash, :region, '1组', "
    ":head, 'active', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12500, 0, 0, :hash, 0, 0)"
)
_PERSON = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_is_legacy) "
    "VALUES (:id, :home, '户主', :name, :hash, 0)"
)
_CONTACT = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared) "
    "VALUES (:id, :home, :person, :kind, 1, :sealed, :hash, 'usable', :shared)"
)


async def settle_in(ledger: Ledger, homes: Iterable[A]) -> int:
    """The households live in the county's villages in turn; how many. Household n has persons 10n, 10n+1 …"""
    v = ledger.vault
    households, persons, contacts = [], [], []
    for n, home in enumerate(homes, 1):
        region = VILLAGES[n % len(VILLAGES)]
        households.append({"id": n, "hash": v.blind("household", str(n)), "region": region, "head": 10 * n})
        for k, phone in enumerate(home.phones):
            person = 10 * n + k
            name = f"样例{n}"
            persons.append(
                {
                    "id": person,
                    "home": n,
                    "name": v.seal_text("person.name_sealed", person, name),
                    "hash": v.blind("name", name),
                }
            )
            if phone:
                contacts.append(_contact(v, (n, person), "phone", phone, home.shared))
        if home.openid:
            contacts.append(_contact(v, (n, 10 * n + home.openid_of), "openid", home.openid, False))
    async with ledger.writing() as c:
        await c.execute(text(_HOUSEHOLD), households)
        await c.execute(text(_PERSON), persons)
        if contacts:
            await c.execute(text(_CONTACT), contacts)
    return len(households)


def _contact(v: Vault, of: tuple[int, int], kind: str, value: str, shared: bool) -> dict[str, Any]:
    contact_id = of[1] * 10 + (kind == "openid")
    return {
        "id": contact_id,
        "home": of[0],
        "person": of[1],
        "kind": kind,
        "sealed": v.seal_text("contact.value_sealed", contact_id, value),
        "hash": v.blind(kind, value),
        "shared": int(shared),
    }


_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, rule, rule_text, evidence, "
    "confidence, summary, ladder, state, reviews_needed, created_by, created_at) VALUES (:id, :id, 1, :purpose, :kind, "
    ":title, :rule, '种地的农户', '[]', 90, '种地农户每亩补贴95元', :ladder, 'running', 0, 'system', :now)"
)
_BENEFIT = (
    "INSERT INTO benefit (id, kind, version, source, title, found_at, body, item, period, audit, n_lines, n_rejected) "
    "VALUES (:id, :kind, 1, 'test', :title, :now, '', '耕地地力保护补贴', '2026年', 'county', 0, 0)"
)
_PAYMENT = (
    "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, area_mu, "
    "standard_fen, amount_fen, state, match_state, household_id, person_id, confidence, match_why) VALUES "
    "(:id, :benefit, :hash, 's', 1, :hash, :hash, 12500, 9500, 118750, :state, 'matched', :home, :person, "
    "100, '身份证号一致')"
)


async def plant_campaign(ledger: Ledger, campaign_id: int, kind: str, ladder: str, purpose: str, now: datetime) -> None:
    """A running campaign with its benefit of the same number."""
    row = {
        "id": campaign_id,
        "kind": kind,
        "title": "耕地地力保护补贴",
        "rule": '{"has": ["farmland_mu", ">", "0"]}' if kind == "policy" else None,
        "ladder": ladder,
        "purpose": purpose,
        "now": stamp(now),
    }
    async with ledger.writing() as c:
        await c.execute(text(_BENEFIT), row)
        await c.execute(text(_CAMPAIGN), row)


async def plant_lines(
    ledger: Ledger, benefit: int, lines: Sequence[tuple[int, int]], first_id: int = 1, state: str = "paid"
) -> None:
    """A matched payment line of 12.5 亩 × 95 元 for each (household, person)."""
    async with ledger.writing() as c:
        await c.execute(
            text(_PAYMENT),
            [
                {
                    "id": i,
                    "benefit": benefit,
                    "hash": i.to_bytes(4, "big"),
                    "state": state,
                    "home": home,
                    "person": person,
                }
                for i, (home, person) in enumerate(lines, first_id)
            ],
        )


def phone(n: int) -> str:
    """A number from the synthetic range."""
    return f"1990{n:07d}"


def openid(n: int) -> str:
    return f"oSample{n:021d}"
