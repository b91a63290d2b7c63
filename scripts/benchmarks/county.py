"""A registry with a phone in every household, straight into the ledger, and a policy that all of them are owed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import text

from notifier.sandbox.county.numbers import phone_number
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
    "VALUES (:id, :id, :id, 'phone', 1, :phone, :hash, 'usable', 0)"
)
_BENEFIT = (
    "INSERT INTO benefit (id, kind, version, source, title, found_at, body, audit, n_lines, n_rejected) "
    "VALUES (:id, 'policy', 1, 'bench', '耕地地力保护补贴', 0, '', 'none', 0, 0)"
)
_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, rule, rule_text, evidence, "
    "confidence, summary, ladder, state, reviews_needed, created_by, created_at) VALUES (:id, :id, 1, 'tell', "
    "'policy', '耕地地力保护补贴', :rule, '种地的农户', '[]', 90, '种地农户每亩补贴95元', '短信必达', 'approved', 0, "
    "'system', 0)"
)
_RULE = '{"has": ["farmland_mu", ">", "0"]}'
_ROWS_A_TIME = 10_000


async def settle_in(url: str, key_file: Path, n_households: int) -> None:
    """Households 1..n of one person and one phone each live in the county's villages, one village after the other."""
    ledger = await open_ledger(url, Vault(load_keys(key_file)))
    homes = _homes(ledger.vault, n_households)
    while part := list(islice(homes, _ROWS_A_TIME)):
        async with ledger.writing() as c:
            for statement in (_HOUSEHOLD, _PERSON, _CONTACT):
                await c.execute(text(statement), part)
    async with ledger.writing() as c:
        await c.execute(text("ANALYZE"))
    await ledger.close()


def _homes(vault: Vault, n_households: int) -> Iterator[dict[str, Any]]:
    villages = [village.code for township in townships() for village in township.villages]
    for n in range(1, n_households + 1):
        yield {
            "id": n,
            "hash": vault.blind("phone", str(n)),
            "region": villages[(n - 1) * len(villages) // n_households],
            "name": vault.seal_text("person.name_sealed", n, f"样例{n}"),
            "phone": vault.seal_text("contact.value_sealed", n, phone_number(n)),
        }


async def approve_a_policy(ledger: Ledger, campaign_id: int) -> None:
    """A campaign that waits for its launch."""
    async with ledger.writing() as c:
        await c.execute(text(_BENEFIT), {"id": campaign_id})
        await c.execute(text(_CAMPAIGN), {"id": campaign_id, "rule": _RULE})
