"""A small county with one finished and one running campaign, in clear numbers that a reader can add up."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from notifier.store.ledger import Ledger, take_ids
from notifier.store.tables.columns import stamp
from notifier.store.tally import count

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
COUNTY, BAIYANG, WANGWA = "640425000000", "640425100000", "640425101000"
VILLAGE_1, VILLAGE_2, VILLAGE_3 = "640425100201", "640425100202", "640425101201"
NAMES = ("样例甲", "欧阳样例", "样例乙某", "古丽·样例")
REGIONS = (
    (COUNTY, "彭阳县", "county", None),
    (BAIYANG, "白阳镇", "township", COUNTY),
    (WANGWA, "王洼镇", "township", COUNTY),
    (VILLAGE_1, "白阳样例一村", "village", BAIYANG),
    (VILLAGE_2, "白阳样例二村", "village", BAIYANG),
    (VILLAGE_3, "王洼样例一村", "village", WANGWA),
)


@dataclass(frozen=True)
class Group:
    """`n` households of a village whose telling stands in one state."""

    village: str
    n: int
    state: str
    level: str | None = None
    reason: str | None = None


FINISHED = (
    Group(VILLAGE_1, 6, "reached", "handset"),
    Group(VILLAGE_1, 1, "reached", "acknowledged"),
    Group(VILLAGE_1, 2, "unreached", None, "dead_number"),
    Group(VILLAGE_2, 3, "reached", "handset"),
    Group(VILLAGE_2, 1, "excused", None, "deceased"),
    Group(VILLAGE_3, 4, "reached", "handset"),
    Group(VILLAGE_3, 1, "unreached", None, "no_contact"),
)
"""18 owed: 14 reached (13 handset, 1 acknowledged), 3 unreached, 1 excused; 14/17 = 82.3 %."""
RUNNING = (Group(VILLAGE_1, 2, "reached", "handset"), Group(VILLAGE_1, 3, "pending"))

EVIDENCE = (
    '[{"phrase": "养羊", "where": "标题", "context": "关于养羊户补贴的通知", "topic": "养殖补贴"}, '
    '{"phrase": "补贴", "where": "正文", "context": "可申领补贴", "topic": "养殖补贴"}]'
)
_HOUSEHOLD = (
    "INSERT INTO household (id, key_hash, region_code, group_name, householder_id, state, is_low_income, is_destitute, "
    "is_out_of_poverty, is_monitored, is_insured, n_disabled, n_elderly, n_sheep, n_cattle, n_pigs, farmland_mu, "
    "grassland_mu, reforested_mu, content_digest, registered_at, changed_at) VALUES (:id, :hash, :region, '1组', :id, "
    "'active', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, :hash, 0, 0)"
)
_PERSON = (
    "INSERT INTO person (id, household_id, relation, name_sealed, name_hash, id_is_legacy) "
    "VALUES (:id, :id, '户主', :name, :hash, 0)"
)
_OWED = (
    "INSERT INTO owed (id, campaign_id, household_id, region_code, why, state, level, reason, composed_step, state_at) "
    "VALUES (:owed, :campaign, :id, :region, '种植耕地', :state, :level, :reason, 0, :at)"
)
_VISIT = (
    "INSERT INTO visit (id, owed_id, region_code, reason, state, opened_at) "
    "VALUES (:owed, :owed, :region, :reason, 'open', :at)"
)
_CAMPAIGN = (
    "INSERT INTO campaign (id, benefit_id, benefit_version, purpose, kind, title, evidence, confidence, summary, "
    "rule_text, ladder, region_code, state, reviews_needed, created_by, created_at) VALUES (:id, :id, 1, 'tell', "
    "'policy', :title, :evidence, 90, '养羊户可申领补贴', '羊只数 >= 10', '短信必达', :region, :state, 1, "
    "'system', :at)"
)


async def lay_regions(ledger: Ledger) -> None:
    keys = ("code", "name", "level", "parent")
    async with ledger.writing() as c:
        await c.execute(
            text("INSERT INTO region (code, name, level, parent) VALUES (:code, :name, :level, :parent)"),
            [dict(zip(keys, region, strict=True)) for region in REGIONS],
        )


async def lay_campaign(ledger: Ledger, campaign_id: int, title: str, state: str, region: str | None = None) -> None:
    row = {"id": campaign_id, "title": title, "state": state, "region": region, "at": stamp(NOW) + campaign_id}
    async with ledger.writing() as c:
        await c.execute(text(_CAMPAIGN), {**row, "evidence": EVIDENCE})


async def lay_owed(ledger: Ledger, campaign_id: int, groups: tuple[Group, ...]) -> None:
    """The households of the groups, each owed the campaign and, when not reached, with an open visit."""
    rows = [_row(ledger, campaign_id, campaign_id * 1000 + i, group) for i, group in enumerate(_one_by_one(groups))]
    async with ledger.writing() as c:
        for statement in (_HOUSEHOLD, _PERSON, _OWED):
            await c.execute(text(statement), rows)
        await c.execute(text(_VISIT), [row for row in rows if row["state"] == "unreached"] or [_nobody()])
        await c.execute(text("DELETE FROM visit WHERE id = 0"))
        await count(c, "owed", "o.campaign_id = :campaign", {"campaign": campaign_id})


def _one_by_one(groups: tuple[Group, ...]) -> list[Group]:
    return [group for group in groups for _ in range(group.n)]


def _nobody() -> dict[str, object]:
    return {"owed": 0, "region": COUNTY, "reason": "-", "at": 0}


def _row(ledger: Ledger, campaign_id: int, number: int, group: Group) -> dict[str, object]:
    name = NAMES[number % len(NAMES)]
    return {
        "id": number,
        "owed": number,
        "campaign": campaign_id,
        "hash": ledger.vault.blind("household", str(number)),
        "region": group.village,
        "name": ledger.vault.seal_text("person.name_sealed", number, name),
        "state": group.state,
        "level": group.level,
        "reason": group.reason,
        "at": stamp(NOW),
    }


async def lay_messages(ledger: Ledger, campaign_id: int, counts: dict[tuple[str, str, str | None], int]) -> None:
    """`counts` messages by (medium, state, reason), all of the first village."""
    each = [key for key, n in counts.items() for _ in range(n)]
    rows = [
        {"id": campaign_id * 1000 + i, "campaign": campaign_id, "medium": m, "state": s, "reason": r, "at": stamp(NOW)}
        for i, (m, s, r) in enumerate(each)
    ]
    statement = (
        "INSERT INTO message (id, owed_id, campaign_id, person_id, contact_id, medium, step, retry, notice_id, "
        "chunk_id, region_code, state, reason, state_at) VALUES (:id, :id, :campaign, :id, :id, :medium, 0, 0, 1, 1, "
        f"'{VILLAGE_1}', :state, :reason, :at)"
    )
    async with ledger.writing() as c:
        await c.execute(text(statement), rows)
        await count(c, "message", "m.campaign_id = :campaign", {"campaign": campaign_id})


async def lay_county(ledger: Ledger) -> None:
    """Regions, a finished campaign 1, a running campaign 2 of 白阳镇, a policy 3 that waits for its review."""
    await lay_regions(ledger)
    async with ledger.writing() as c:  # what comes later has numbers of its own
        await take_ids(c, "benefit", 9)
        await take_ids(c, "campaign", 9)
    await lay_campaign(ledger, 1, "2026年耕地地力保护补贴", "finished")
    await lay_owed(ledger, 1, FINISHED)
    await lay_messages(
        ledger,
        1,
        {
            ("sms", "delivered", None): 14,
            ("sms", "failed", "dead_number"): 2,
            ("sms", "silent", "silent"): 1,
            ("sms", "silent", "unsettled"): 1,
            ("wechat", "accepted", None): 2,
        },
    )
    await lay_campaign(ledger, 2, "2026年草原生态保护补助", "running", BAIYANG)
    await lay_owed(ledger, 2, RUNNING)
    await lay_campaign(ledger, 3, "关于养羊户补贴的通知", "in_review")
