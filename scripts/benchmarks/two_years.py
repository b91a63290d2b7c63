"""A county after two years: people, some sixty campaigns told to their end, and the work that was left around them.

Nearly all of it is made by one statement a table; only what pages open is truly sealed. Nothing is left to chance.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.messages import ContactKind
from notifier.sandbox.county.numbers import openid
from notifier.sandbox.county.regions import COUNTY, Village, townships
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.tables.columns import stamp
from notifier.store.tally import recount
from scripts.benchmarks import years_work
from scripts.benchmarks.county import settle_in
from scripts.benchmarks.years_work import random_bytes, series

STRIDE = 1_000_000
"""Owed rows of campaign c are numbered c * STRIDE + household."""
EVERY = timedelta(days=12)
N_UNDONE = 10
"""Campaigns of the last four months, whose visits still wait; of older ones few do."""
RULE = '{"has": ["farmland_mu", ">=", "5"]}'
_ROWS_A_TIME = 10_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of what grows with a county and its years."""

    n_households: int = 70_000
    n_campaigns: int = 60


def villages() -> list[Village]:
    """The county's villages, in the order in which its households are numbered."""
    return [village for township in townships() for village in township.villages]


async def fill(url: str, key_file: Path, size: Size, now: datetime) -> None:
    """The empty ledger holds the county; its counts are in step, and the database knows its sizes."""
    await settle_in(url, key_file, size.n_households)
    ledger = await open_ledger(url, Vault(load_keys(key_file)))
    try:
        async with ledger.writing() as c:
            await _regions(c)
        await _people(ledger, size)
        async with ledger.writing() as c:
            await _campaigns(c, size, now)
        for campaign in range(1, size.n_campaigns + 1):
            async with ledger.writing() as c:
                await _told(c, campaign, size)
            await recount(ledger, campaign)
        async with ledger.writing() as c:
            await years_work.fill(c, ledger, size.n_households, now)
            await _counters(c)
        async with ledger.writing() as c:
            await c.execute(text("ANALYZE"))
    finally:
        await ledger.close()


async def _regions(c: AsyncConnection) -> None:
    rows: list[tuple[str, str, str, str | None]] = [(*COUNTY, "county", None)]
    for township in townships():
        rows.append((township.code, township.name, "township", COUNTY[0]))
        rows += [(one.code, one.name, "village", township.code) for one in township.villages]
    await c.execute(
        text("INSERT INTO region (code, name, level, parent) VALUES (:code, :name, :level, :parent)"),
        [dict(zip(("code", "name", "level", "parent"), row, strict=True)) for row in rows],
    )


async def _people(ledger: Ledger, size: Size) -> None:
    """Householders with id and account, two more members each, followers in every fourth, numbers that many share."""
    rows = _householders(ledger.vault, size.n_households)
    while part := list(islice(rows, _ROWS_A_TIME)):
        async with ledger.writing() as c:
            await c.execute(text(_KNOWN), part)
    rows = _members(ledger.vault, size.n_households)
    while part := list(islice(rows, _ROWS_A_TIME)):
        async with ledger.writing() as c:
            await c.execute(text(_MEMBER), part)
    followers = list(_followers(ledger.vault, size.n_households))
    async with ledger.writing() as c:
        await c.execute(text(_FOLLOWED), followers)
        await c.execute(text(_FOLLOWER), followers)
        await c.execute(text(_SHARED))
        await c.execute(text(_KEPT))


def _householders(vault: Vault, n: int) -> Iterator[dict[str, Any]]:
    for number in range(1, n + 1):
        yield {
            "id": number,
            "name": vault.blind("name", f"样例{number}"),
            "number": vault.blind("id", str(number)),
            "account": vault.blind("account", str(number)),
        }


def _members(vault: Vault, n: int) -> Iterator[dict[str, Any]]:
    for household in range(1, n + 1):
        for place, relation in enumerate(("配偶", "长子"), 1):
            number = place * n + household
            name = f"样例{relation}{household}"
            yield {
                "id": number,
                "household": household,
                "relation": relation,
                "name": vault.seal_text("person.name_sealed", number, name),
                "hash": vault.blind("name", name),
            }


def _followers(vault: Vault, n: int) -> Iterator[dict[str, Any]]:
    for household in range(4, n + 1, 4):
        number, address = n + household, openid(household)
        yield {
            "id": number,
            "household": household,
            "address": vault.seal_text("contact.value_sealed", number, address),
            "hash": vault.blind(ContactKind.OPENID.value, address),
        }


async def _campaigns(c: AsyncConnection, size: Size, now: datetime) -> None:
    """Policies have odd numbers, disbursements even ones; every fifth is a township's; the last two still run."""
    rows = [_campaign(number, size, now) for number in range(1, size.n_campaigns + 1)]
    await c.execute(text(_BENEFIT), rows)
    await c.execute(text(_CAMPAIGN), rows)
    await c.execute(text(_REVIEW), rows)


def _campaign(number: int, size: Size, now: datetime) -> dict[str, Any]:
    is_policy = number % 2 == 1
    township = townships()[number // 5 % 12] if number % 5 == 0 else None
    began = now - EVERY * (size.n_campaigns - number) - timedelta(hours=6)
    runs = number > size.n_campaigns - 2
    return {
        "id": number,
        "kind": "policy" if is_policy else "disbursement",
        "purpose": "tell" if is_policy else "paid",
        "title": f"样例{'政策' if is_policy else '补贴'}第{number}批",
        "rule": RULE if is_policy else None,
        "region": township.code if township else None,
        "state": "running" if runs else "finished",
        "at": stamp(began),
        "published": began.date(),
        "finished": None if runs else stamp(began + timedelta(days=9)),
        "filed": "county",
    }


async def _told(c: AsyncConnection, campaign: int, size: Size) -> None:
    """Some 43 of 100 households are owed it; most were reached, some at home, some wait for a visit."""
    runs = campaign > size.n_campaigns - 2
    values: Mapping[str, Any] = {
        "campaign": campaign,
        "base": campaign * STRIDE,
        "pending": 300 if runs else 0,
        "visited": 980 if campaign > size.n_campaigns - N_UNDONE else 999,
        "chunks": campaign * 1000,
    }
    for statement in (_OWED, _OPEN_VISIT, _SIGNED_VISIT, _MESSAGE, _SECOND, _CHUNK):
        await _run(c, statement, values)
    await _run(c, _ATTEMPT.format(series=series(c, 10)), values)
    if campaign % 2 == 0:
        await _run(c, _PAYMENT.format(random=random_bytes(c)), values)


async def _run(c: AsyncConnection, statement: str, values: Mapping[str, Any]) -> None:
    told = text(statement)
    await c.execute(told, {name: values[name] for name in told.compile().params})


async def _counters(c: AsyncConnection) -> None:
    """Ids go on behind what was filled."""
    for table in _NUMBERED:
        await c.execute(text(f"DELETE FROM counter WHERE name = '{table}'"))
        await c.execute(
            text(f"INSERT INTO counter (name, next_id) SELECT '{table}', coalesce(MAX(id), 0) + 1 FROM {table}")
        )


_NUMBERED = (
    *("household", "person", "contact", "benefit", "campaign", "owed", "visit", "message", "chunk", "attempt"),
    *("payment", "inquiry", "inquiry_step", "audit_entry", "upload", "import_run", "alert", "registry_change"),
    *("review", "decision", "account_session", "correction_task", "filing_step"),
)
_KNOWN = "UPDATE person SET name_hash = :name, id_hash = :number, account_hash = :account WHERE id = :id"
_MEMBER = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_is_legacy) "
    "VALUES (:id, :household, :relation, :name, :hash, 0)"
)
_FOLLOWED = (
    "INSERT INTO contact (id, household_id, person_id, kind, version, value_sealed, value_hash, state, is_shared) "
    "VALUES (:id, :household, :household, 'openid', 1, :address, :hash, 'usable', 0)"
)
_FOLLOWER = (
    "INSERT INTO follower (address_hash, following, changed_at, spoke_at, n_since_spoke, acted_at, n_since_acted) "
    "VALUES (:hash, 1, 0, 0, 0, 0, 0)"
)
_SHARED = (
    "UPDATE contact SET is_shared = 1, value_hash = (SELECT first.value_hash FROM contact first "
    "WHERE first.id = contact.id - (contact.id % 1000) + 3) WHERE kind = 'phone' AND id % 20 = 3 AND id > 1000"
)
_KEPT = (
    "UPDATE household SET n_sheep = id * 7919 % 60, n_cattle = id % 5, farmland_mu = id * 104729 % 20000, "
    "is_low_income = CASE WHEN id % 11 = 0 THEN 1 ELSE 0 END, is_out_of_poverty = CASE WHEN id % 3 = 0 THEN 1 ELSE 0 "
    "END"
)
_BENEFIT = (
    "INSERT INTO benefit (id, kind, version, source, title, region_code, found_at, issuer, document_number, "
    "published_on, body, item, period, filed, audit, n_lines, n_rejected) VALUES (:id, :kind, 1, 's', :title, "
    ":region, :at, '样例局', '样例发〔2026〕1号', :published, "
    "'耕地不少于5亩的农户可申领补贴。', :title, '2026年', :filed, :filed, 0, 0)"
)
_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, topic, rule, rule_text, evidence, "
    "confidence, summary, ladder, region_code, state, reviews_needed, created_by, created_at, launched_at, planned_at, "
    "composed_at, finished_at) VALUES (:id, :id, 1, :purpose, :kind, :title, '耕地补贴', :rule, '耕地不少于5亩', '[]', "
    "90, '每亩补贴95元', '短信必达', :region, :state, 1, 'system', :at, :at, :at, :at, :finished)"
)
_REVIEW = (
    "INSERT INTO review (id, campaign_id, reviewer, verdict, at, level) VALUES (:id, :id, 'shenhe', 'approve', :at, "
    "'county')"
)
_STATE = "h.id * 7919 + :base * 13"
_OWED = f"""
INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, level, reason, composed_step, state_at)
SELECT :base + t.id, :campaign, t.id, t.region_code, '耕地不少于5亩',
CASE WHEN lot < :pending THEN 'pending' WHEN lot < 970 THEN 'reached' WHEN lot < 980 THEN 'excused'
     WHEN lot < :visited THEN 'reached' ELSE 'unreached' END,
CASE WHEN lot < :pending THEN NULL WHEN lot < 940 THEN 'handset' WHEN lot < 970 THEN 'acknowledged'
     WHEN lot >= 980 AND lot < :visited THEN 'acknowledged' END,
CASE WHEN lot < 970 THEN NULL WHEN lot < 980 THEN 'deceased' WHEN lot < :visited THEN NULL
     WHEN lot < 986 THEN 'no_contact' WHEN lot < 993 THEN 'dead_number' ELSE 'silent' END,
0, k.launched_at + (t.id % 8) * CAST(86400000000 AS BIGINT) / CASE WHEN k.state = 'running' THEN 40 ELSE 1 END
FROM (SELECT h.id, h.region_code, ({_STATE}) % 1000 AS lot, (h.id * 31 + :base * 7) % 100 AS turn FROM household h) t
JOIN campaign k ON k.id = :campaign
WHERE t.turn < 43 AND (k.region_code IS NULL OR substr(t.region_code, 1, 9) = substr(k.region_code, 1, 9))
"""
_OPEN_VISIT = """
INSERT INTO visit (id, owed_id, region_code, reason, state, opened_at)
SELECT id, id, region_code, reason, 'open', state_at FROM owed WHERE campaign_id = :campaign AND state = 'unreached'
"""
_SIGNED_VISIT = """
INSERT INTO visit (id, owed_id, region_code, reason, state, opened_at, visited_at, by_user, how, remark)
SELECT id, id, region_code, 'silent', 'signed', state_at, state_at, 'cunguan', '当面告知', '' FROM owed
WHERE campaign_id = :campaign AND state = 'reached' AND level = 'acknowledged'
"""
_MESSAGE = """
INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, chunk_id,
region_code, state, reason, state_at)
SELECT o.id, o.id, :campaign, o.household_id, o.household_id, 'sms', 0, 0, :campaign,
:chunks + o.household_id / 1000 + 1, o.region_code,
CASE WHEN o.state = 'pending' THEN 'accepted' WHEN o.level = 'handset' AND o.household_id % 20 <> 0 THEN 'delivered'
     WHEN o.reason = 'dead_number' THEN 'failed' ELSE 'silent' END,
CASE WHEN o.reason = 'dead_number' THEN 'dead_number' WHEN o.level = 'handset' AND o.household_id % 20 <> 0 THEN NULL
     WHEN o.state = 'pending' THEN NULL ELSE 'silent' END,
o.state_at FROM owed o WHERE o.campaign_id = :campaign AND coalesce(o.reason, '') <> 'no_contact'
"""
_SECOND = """
INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, chunk_id,
region_code, state, reason, state_at)
SELECT m.id + 500000000, m.owed_id, :campaign, m.person_id, m.contact_id, 'sms', 1, 0, :campaign,
m.chunk_id + 500, m.region_code, CASE WHEN o.level = 'handset' THEN 'delivered' ELSE 'silent' END,
CASE WHEN o.level = 'handset' THEN NULL ELSE 'silent' END, m.state_at + 1
FROM message m JOIN owed o ON o.id = m.owed_id
WHERE m.campaign_id = :campaign AND o.campaign_id = :campaign AND m.state IN ('silent', 'failed')
"""
_CHUNK = """
INSERT INTO chunk (id, campaign_id, medium, n_messages, state, not_before, lease_until, sent_at, lane)
SELECT chunk_id, :campaign, 'sms', COUNT(*), 'swept', 0, 0, MAX(state_at), 2 FROM message
WHERE campaign_id = :campaign GROUP BY chunk_id
"""
_ATTEMPT = """
INSERT INTO attempt (id, out_id, chunk_id, gateway, template, message_ids, state, outcome, provider_ref, started_at,
ended_at) {series}SELECT k.id * 20 + s.n, 'out-' || CAST(k.id * 20 + s.n AS TEXT), k.id, 'aliyun_sms', 'SMS_1', '[]',
'settled', 'accepted', 'ref-' || CAST(k.id * 20 + s.n AS TEXT), k.sent_at, k.sent_at + 300000
FROM chunk k, s WHERE k.campaign_id = :campaign
"""
_PAYMENT = """
INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, village, area_mu,
standard_fen, amount_fen, period, state, match_state, household_id, person_id, confidence, match_why, told_person_id,
told_retry)
SELECT o.id, :campaign, {random}, 's', o.household_id, {random}, p.name_hash, '样例村', 12500, 9500, 118750, '2026年',
'paid', 'matched', o.household_id, o.household_id, 100, '身份证号一致', o.household_id, 0
FROM owed o JOIN person p ON p.id = o.household_id WHERE o.campaign_id = :campaign
"""
