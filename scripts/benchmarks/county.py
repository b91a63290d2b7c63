"""A registry with one contact in every household, straight into the ledger, and what all of them are owed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import text

from notifier.domain.messages import ContactKind
from notifier.sandbox.county.numbers import openid, phone_number
from notifier.sandbox.county.regions import townships
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys

_HOUSEHOLD = (
    "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, is_low_income, is_destitute, "
    "is_out_of_poverty, is_monitored, is_insured, n_disabled, n_elderly, n_sheep, n_cattle, n_pigs, farmland_mu, "
    "grassland_mu, reforested_mu, content_digest, registered_at, changed_at) VALUES (:id, :hash, :region, '1组', "
    ":id, 'active', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12500, 0, 0, :hash, 0, 0)"
)
_PERSON = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_is_legacy) "
    "VALUES (:id, :id, '户主', :name, :hash, 0)"
)
_CONTACT = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared) "
    "VALUES (:id, :id, :id, :kind, 1, :address, :address_hash, 'usable', 0)"
)
_BENEFIT = (
    "INSERT INTO benefit (id, kind, version, source, title, found_at, body, item, period, audit, n_lines, n_rejected) "
    "VALUES (:id, :kind, 1, 'bench', '耕地地力保护补贴', 0, '', '耕地地力保护补贴', '2026年', 'none', 0, 0)"
)
_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, rule, rule_text, evidence, "
    "confidence, summary, ladder, state, reviews_needed, created_by, created_at) VALUES (:id, :id, 1, :purpose, "
    ":kind, '耕地地力保护补贴', :rule, '种地的农户', '[]', 90, '种地农户每亩补贴95元', :ladder, 'approved', 0, "
    "'system', 0)"
)
_LINE = (
    "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, area_mu, standard_fen, "
    "amount_fen, state, match_state, household_id, person_id, confidence, match_why) VALUES (:id, :benefit, :hash, "
    "'s', 1, :hash, :hash, 12500, 9500, 118750, 'paid', 'matched', :id, :id, 100, '身份证号一致')"
)
_RULE = '{"has": ["farmland_mu", ">", "0"]}'
_ROWS_A_TIME = 10_000


async def settle_in(url: str, key_file: Path, n_households: int, kind: ContactKind = ContactKind.PHONE) -> None:
    """Households 1..n of one person and one contact each live in the county's villages, one village after the other.

    The contact of household n is `address_of(kind, n)`.
    """
    ledger = await open_ledger(url, Vault(load_keys(key_file)))
    homes = _homes(ledger.vault, n_households, kind)
    while part := list(islice(homes, _ROWS_A_TIME)):
        async with ledger.writing() as c:
            for statement in (_HOUSEHOLD, _PERSON, _CONTACT):
                await c.execute(text(statement), part)
    async with ledger.writing() as c:
        await c.execute(text("ANALYZE"))
    await ledger.close()


def address_of(kind: ContactKind, household: int) -> str:
    """The phone or openid of the household's person."""
    return phone_number(household) if kind is ContactKind.PHONE else openid(household)


def _homes(vault: Vault, n_households: int, kind: ContactKind) -> Iterator[dict[str, Any]]:
    villages = [village.code for township in townships() for village in township.villages]
    for n in range(1, n_households + 1):
        yield {
            "id": n,
            "hash": vault.blind("phone", str(n)),
            "region": villages[(n - 1) * len(villages) // n_households],
            "name": vault.seal_text("person.name_sealed", n, f"样例{n}"),
            "kind": kind.value,
            "address": vault.seal_text("contact.value_sealed", n, address_of(kind, n)),
            "address_hash": vault.blind(kind.value, address_of(kind, n)),
        }


async def approve_a_policy(ledger: Ledger, campaign_id: int, ladder: str = "短信必达") -> None:
    """A campaign that waits for its launch; every household is owed it."""
    row = {"id": campaign_id, "kind": "policy", "purpose": "tell", "rule": _RULE, "ladder": ladder}
    async with ledger.writing() as c:
        await c.execute(text(_BENEFIT), row)
        await c.execute(text(_CAMPAIGN), row)


async def approve_a_disbursement(ledger: Ledger, n_households: int, ladder: str = "微信优先") -> None:
    """Campaign 1 waits for its launch and has a matched payment line for each of the households 1..n."""
    row = {"id": 1, "kind": "disbursement", "purpose": "paid", "rule": None, "ladder": ladder}
    lines = ({"id": n, "benefit": 1, "hash": n.to_bytes(4, "big")} for n in range(1, n_households + 1))
    async with ledger.writing() as c:
        await c.execute(text(_BENEFIT), row)
        await c.execute(text(_CAMPAIGN), row)
        while part := list(islice(lines, _ROWS_A_TIME)):
            await c.execute(text(_LINE), part)
