"""Texts that carriers or providers refuse: a few are a household's, many are the campaign's."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.campaigns import pause_for
from notifier.store.ledger import Ledger

_REFUSED = "m.state = 'failed' AND m.reason = 'content'"


async def pause_over_content(
    c: AsyncConnection, ledger: Ledger, message_ids: Sequence[int], code: str, most: int
) -> list[int]:
    """Campaigns of which `most` recipients had their text refused by this code are paused; their ids.

    `message_ids` are those that failed just now. A campaign that people resumed all the same is paused again after as
    many more. Empty is fine.
    """
    if not message_ids:
        return []
    campaigns = await c.execute(
        text(
            "SELECT DISTINCT m.campaign_id FROM message m JOIN (SELECT campaign_id, SUM(n) AS n FROM tally "
            "WHERE subject = 'message' AND state = 'failed' AND detail = 'content' GROUP BY campaign_id) failed "
            f"ON failed.campaign_id = m.campaign_id AND failed.n >= :most WHERE {ledger.among('m.id', 'ids')}"
        ),
        {"ids": ledger.listed(message_ids), "most": most},
    )
    paused = []
    for campaign_id in sorted(int(row.campaign_id) for row in campaigns):
        n_before, n_now = await _recipients(c, ledger, campaign_id, message_ids, code)
        why = f"{n_now} 个收件人的内容被同一个代码 {code} 拦截;请检查签名、模板和文案是否已报备,修改后恢复"
        if n_now // most > n_before // most and await pause_for(c, campaign_id, why):
            paused.append(campaign_id)
    return paused


async def _recipients(
    c: AsyncConnection, ledger: Ledger, campaign_id: int, fresh: Sequence[int], code: str
) -> tuple[int, int]:
    row = (
        await c.execute(
            text(
                "SELECT COUNT(DISTINCT m.contact_id) AS n_now, "
                f"COUNT(DISTINCT CASE WHEN {ledger.among('m.id', 'ids')} THEN NULL ELSE m.contact_id END) AS n_before "
                f"FROM message m WHERE m.campaign_id = :campaign AND {_REFUSED} AND m.code = :code"
            ),
            {"ids": ledger.listed(fresh), "campaign": campaign_id, "code": code},
        )
    ).one()
    return int(row.n_before), int(row.n_now)
