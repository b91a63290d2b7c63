"""What two years of work leave around the campaigns: users and their trail, inquiries, files, queues, suggestions."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.accounts.passwords import hash_password
from notifier.accounts.roles import Role
from notifier.sandbox.county.regions import COUNTY, townships
from notifier.store.ledger import Ledger
from notifier.store.tables.columns import stamp

PASSWORD = "一共五个词 wheat river"
COUNTY_ADMINISTRATOR, CLERK, OFFICER = "guanli", "wenyuan-100", "cun-640425100201"
N_INQUIRIES, N_ENTRIES, N_QUEUED, N_SUGGESTED = 6_000, 200_000, 3_000, 40
FIRST_DRAFT, FIRST_SUGGESTED, FIRST_PROJECT = 301, 401, 501
UPLOADS = {COUNTY_ADMINISTRATOR: 1, CLERK: 2, OFFICER: 3}
DRAFTS = {COUNTY_ADMINISTRATOR: FIRST_DRAFT, CLERK: FIRST_DRAFT + 1}
_QUEUE = 900_000_000
_DAY = 86_400_000_000
_RULE = '{"has": ["farmland_mu", ">=", "5"]}'


async def fill(c: AsyncConnection, ledger: Ledger, n_households: int, now: datetime) -> None:
    """All of it, beside the campaigns; numbers of what stands for itself are the constants of this module."""
    at, n_small = stamp(now), max(100, n_households // 10)
    await c.execute(text(_ACCOUNT), _accounts(await hash_password(PASSWORD), at))
    await c.execute(text(_INQUIRY), list(_inquiries(ledger, n_households, now)))
    await c.execute(text(_ANSWER), list(_answers(ledger, now)))
    await c.execute(text(_CHANGE), list(_changes(ledger, n_small, at)))
    await c.execute(text(_CORRECTION), {"at": at, "most": n_households})
    await c.execute(text(_QUEUED), list(_queued(ledger, n_households)))
    await c.execute(text(_UPLOAD), [_upload(number, at) for number in range(1, 201)])
    for into, n, chosen in _SERIES:
        known = {"at": at, "random": random_bytes(c)}
        await c.execute(text(f"{into} {series(c, n)}SELECT {chosen.format(**known)} FROM s"))
    benefits, campaigns = _waiting(at)
    await c.execute(text(_BENEFIT), benefits)
    await c.execute(text(_CAMPAIGN), campaigns)
    await c.execute(text(_DECISION), {"at": at})


def series(c: AsyncConnection, n: int) -> str:
    """WITH … s (n), of the numbers 1 to n."""
    if c.dialect.name == "sqlite":
        return f"WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {n}) "
    return f"WITH s (n) AS (SELECT CAST(generate_series(1, {n}) AS BIGINT)) "


def random_bytes(c: AsyncConnection) -> str:
    """An expression that gives sixteen of them, others for every row."""
    return "randomblob(16)" if c.dialect.name == "sqlite" else "uuid_send(gen_random_uuid())"


def _accounts(hashed: str, at: int) -> list[dict[str, Any]]:
    """A county's people, a clerk and a reviewer a township, an officer a village; all with one password."""
    who = [(COUNTY_ADMINISTRATOR, Role.ADMINISTRATOR, COUNTY[0]), ("shenhe", Role.REVIEWER, COUNTY[0])]
    for town in townships():
        who += [(f"{name}-{town.code[6:9]}", role, town.code) for name, role in _OF_A_TOWNSHIP]
        who += [(f"cun-{village.code}", Role.OFFICER, village.code) for village in town.villages]
    return [
        {"name": name, "hash": hashed, "role": role.value, "region": region, "at": at} for name, role, region in who
    ]


_OF_A_TOWNSHIP = (("wenyuan", Role.ADMINISTRATOR), ("shenhe", Role.REVIEWER))


def _inquiries(ledger: Ledger, n_households: int, now: datetime) -> Iterator[dict[str, Any]]:
    """One of ten is still open; they are spread over the households and the two years, the newest last."""
    villages = [village.code for town in townships() for village in town.villages]
    for number in range(1, N_INQUIRIES + 1):
        household = number * 7919 % n_households + 1
        received = now - timedelta(days=730) * (N_INQUIRIES - number) / N_INQUIRIES
        yield {
            "id": number,
            "kind": ("咨询", "投诉", "建议")[number % 3],
            "channel": ("aliyun_sms", "电话", "窗口")[number % 7 % 3],
            "household": household,
            "region": villages[(household - 1) * len(villages) // n_households],
            "text": ledger.vault.seal_text("inquiry.text_sealed", number, f"样例问题{number}：补贴何时发放"),
            "state": "open" if number % 10 == 0 else "closed",
            "at": stamp(received),
            "due": stamp(received + timedelta(days=7)),
        }


def _answers(ledger: Ledger, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(1, N_INQUIRIES + 1):
        at = stamp(now - timedelta(days=730) * (N_INQUIRIES - number) / N_INQUIRIES + timedelta(days=2))
        if number % 10:
            for step, what in ((number * 2, "answer"), (number * 2 + 1, "close")):
                words = ledger.vault.seal_text("inquiry_step.text_sealed", step, "样例答复：本月底前到账")
                yield {"id": step, "inquiry": number, "what": what, "text": words, "at": at}


def _changes(ledger: Ledger, n: int, at: int) -> Iterator[dict[str, Any]]:
    for number in range(1, n + 1):
        yield {
            "id": number,
            "household": number,
            "before": ledger.vault.seal_text("registry_change.before_sealed", number, "样例甲"),
            "after": ledger.vault.seal_text("registry_change.after_sealed", number, "样例乙"),
            "at": at - number * _DAY // 40,
        }


def _queued(ledger: Ledger, n_households: int) -> Iterator[dict[str, Any]]:
    """Lines that wait for a person; each names somebody who is registered."""
    for number in range(_QUEUE + 1, _QUEUE + N_QUEUED + 1):
        name = f"样例{number * 7919 % n_households + 1}"
        yield {
            "id": number,
            "hash": ledger.vault.blind("account", str(number)),
            "benefit": 2 + number % 10 * 2,
            "name": ledger.vault.seal_text("payment.beneficiary_sealed", number, name),
            "name_hash": ledger.vault.blind("name", name),
            "state": "ambiguous" if number % 2 else "unknown",
        }


def _upload(number: int, at: int) -> dict[str, Any]:
    people = list(UPLOADS)
    report = json.dumps(dict.fromkeys(_COUNTS, 3))
    return {
        "id": number,
        "by": people[(number - 1) % len(people)],
        "region": COUNTY[0] if number % 3 == 1 else "640425100000" if number % 3 == 2 else "640425100201",
        "report": report,
        "at": at - number * _DAY,
    }


def _waiting(at: int) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
    """Drafts of each writer, suggested policies in review, and disbursements on their way through 备案审核."""
    benefits, campaigns = [], []
    drafts = [(place, who) for place, who in enumerate([*DRAFTS, *list(DRAFTS) * 10])]
    for place, who in drafts:
        number = FIRST_DRAFT + place
        region = COUNTY[0] if who == COUNTY_ADMINISTRATOR else "640425100000"
        benefits.append(_benefit(number, "policy", f"样例草稿{number}", region, at))
        campaigns.append(_campaign(number, "draft", region, who, at))
    for number in range(FIRST_SUGGESTED, FIRST_SUGGESTED + N_SUGGESTED):
        benefits.append(_benefit(number, "policy", f"样例政策{number}", COUNTY[0], at))
        campaigns.append(_campaign(number, "in_review", COUNTY[0], "system", at))
    projects = range(FIRST_PROJECT, FIRST_PROJECT + 300)
    benefits += [_benefit(number, "disbursement", f"样例项目{number}", "640425100000", at) for number in projects]
    return benefits, campaigns


def _benefit(number: int, kind: str, title: str, region: str, at: int) -> dict[str, Any]:
    body = "耕地不少于5亩的农户可申领补贴，请于月底前到村委会登记。" * 40
    return {"id": number, "kind": kind, "title": title, "region": region, "at": at - number * _DAY // 20, "body": body}


def _campaign(number: int, state: str, region: str, who: str, at: int) -> dict[str, Any]:
    title = f"样例{'草稿' if state == 'draft' else '政策'}{number}"
    return {"id": number, "state": state, "title": title, "region": region, "who": who, "at": at, "rule": _RULE}


_COUNTS = (
    *("n_rows", "n_added", "n_changed", "n_unchanged", "n_merged", "n_rejected", "n_skipped", "n_warnings"),
    *("n_households_added", "n_households_changed"),
)
_ACCOUNT = (
    "INSERT INTO account (name, password_hash, role, region_code, created_at, is_disabled, n_failures, locked_until, "
    "must_change) VALUES (:name, :hash, :role, :region, :at, 0, 0, 0, 0)"
)
_INQUIRY = (
    "INSERT INTO inquiry (id, kind, channel, region_code, household_id, text_sealed, state, received_at, due_at) "
    "VALUES (:id, :kind, :channel, :region, :household, :text, :state, :at, :due)"
)
_ANSWER = (
    "INSERT INTO inquiry_step (id, inquiry_id, what, by_user, at, text_sealed, delivery) "
    "VALUES (:id, :inquiry, :what, 'guanli', :at, :text, '')"
)
_CHANGE = (
    "INSERT INTO registry_change (id, household_id, person_id, what, before_sealed, after_sealed, why, by_user, at) "
    "VALUES (:id, :household, :household, 'name', :before, :after, '样例原因', 'guanli', :at)"
)
_CORRECTION = (
    "INSERT INTO correction_task (id, contact_id, person_id, household_id, region_code, reason, state, opened_at) "
    "SELECT h.id, h.id, h.id, h.id, h.region_code, 'dead_number', CASE WHEN h.id % 300 = 7 THEN 'open' ELSE 'closed' "
    "END, CAST(:at AS BIGINT) FROM household h WHERE h.id % 100 = 7 AND h.id <= CAST(:most AS BIGINT)"
)
_QUEUED = (
    "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, village, amount_fen, "
    "state, match_state, match_why, confidence) VALUES (:id, :benefit, :hash, '白阳镇', 12, :name, :name_hash, "
    "'样例村', 118750, 'paid', :state, '有两人同名', 0)"
)
_UPLOAD = (
    "INSERT INTO upload (id, kind, name, by_user, region_code, state, n_bytes, report, received_at, beat_at) "
    "VALUES (:id, 'households', '样例.xlsx', :by, :region, 'saved', 1, :report, :at, :at)"
)
_BENEFIT = (
    "INSERT INTO benefit (id, kind, version, source, title, region_code, found_at, issuer, published_on, body, item, "
    "period, filed, audit, n_lines, n_rejected) VALUES (:id, :kind, 1, 's', :title, :region, :at, '样例局', NULL, "
    ":body, :title, '2026年', 'village', 'none', 0, 0)"
)
_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, topic, rule, rule_text, evidence, "
    "confidence, summary, ladder, region_code, state, reviews_needed, created_by, created_at, notice_kind) "
    "VALUES (:id, :id, 1, 'tell', 'policy', :title, '耕地补贴', :rule, '耕地不少于5亩', '[]', 90, '每亩补贴95元', "
    "'短信必达', :region, :state, 1, :who, :at, 'policy')"
)
_DECISION = (
    "INSERT INTO decision (id, campaign_id, verdict, topic, confidence, rule_before, remark, by_user, at) "
    f"SELECT id, id, 'accepted', '耕地补贴', 90, '{_RULE}', '', 'guanli', CAST(:at AS BIGINT) FROM campaign "
    "WHERE kind = 'policy' AND state = 'finished'"
)
_SERIES: Sequence[tuple[str, int, str]] = (
    (
        "INSERT INTO audit_entry (id, at, who, what, detail, previous_hash, hash)",
        N_ENTRIES,
        f"s.n, {{at}} - ({N_ENTRIES} - s.n) * 300000000, CASE WHEN s.n % 3 = 0 THEN 'guanli' WHEN s.n % 50 = 1 THEN "
        "'wenyuan-100' WHEN s.n % 3 = 1 THEN 'cun-640425101201' ELSE 'system' END, CASE WHEN s.n % 2 = 0 "
        "THEN 'visit.sign' ELSE 'household.reveal' END, '{{}}', {random}, {random}",
    ),
    (
        "INSERT INTO alert (id, subject, title, says, region_code, raised_at, ended_at)",
        2_000,
        f"s.n, 'gateway.' || CAST(s.n AS TEXT), '样例提醒', '样例通道暂停', '{COUNTY[0]}', {{at}} - s.n * 30000000000, "
        "CASE WHEN s.n % 40 = 0 THEN NULL ELSE {at} END",
    ),
    (
        "INSERT INTO account_session (id, token_hash, name, began_at, seen_at, ended_at, agent, address_sealed)",
        20_000,
        "s.n, {random}, CASE WHEN s.n % 3 = 0 THEN 'guanli' ELSE 'wenyuan-100' END, {at} - s.n * 3000000000, "
        "{at} - s.n * 3000000000, {at}, 'Firefox', {random}",
    ),
    (
        "INSERT INTO look (source, looked_at, n_listed)",
        2_000,
        "'pengyang', {at} - s.n * 600000000, 20",
    ),
)
"""What is made from the numbers alone: into which table, how many rows, and the row of number s.n."""
