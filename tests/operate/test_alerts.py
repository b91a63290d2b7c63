"""What is wrong is told once while it lasts, to those who may know, and never twice by a crash."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.accounts.roles import Role
from notifier.accounts.told import recipients
from notifier.domain.account_settings import Alerts
from notifier.domain.direct import Direct
from notifier.domain.messages import Medium
from notifier.domain.outcomes import Accepted, Outcome, Postponed
from notifier.operate.alerts import AlertDesk, attend
from notifier.store.accounts import Account, add_account
from notifier.store.alerts import list_alerts, take_letter
from notifier.store.audit import append
from notifier.store.factors import Factor, FactorKind, drop_factor, put_factor
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from tests.report import ground

PHONES = {"yunwei": "19900000001", "guanli": "19900000002", "baiyang": "19900000003", "lingdao": "19900000004"}


@dataclass
class World:
    ledger: Ledger
    at: datetime = ground.NOW
    outcome: Outcome = field(default_factory=lambda: Accepted("ref"))
    sent: list[Direct] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def send(self, direct: Direct) -> Outcome:
        self.sent.append(direct)
        return self.outcome

    def told(self) -> list[str]:
        told = sorted(one.address for one in self.sent)
        self.sent.clear()
        return told

    async def pause(self, campaign_id: int, why: str | None) -> None:
        state = "running" if why is None else "paused"
        sql = text("UPDATE campaign SET state = :state, paused_why = :why WHERE id = :id")
        async with self.ledger.writing() as c:
            await c.execute(sql, {"state": state, "why": why, "id": campaign_id})


@pytest.fixture
async def world(ledger_url: str, tmp_path: Path) -> AsyncIterator[World]:
    ledger = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await ground.lay_county(ledger)
    for name, role, region in (
        ("yunwei", Role.OPERATOR, ground.COUNTY),
        ("guanli", Role.ADMINISTRATOR, ground.COUNTY),
        ("baiyang", Role.ADMINISTRATOR, ground.BAIYANG),
        ("lingdao", Role.OFFICIAL, ground.COUNTY),
    ):
        await add_account(ledger, Account(name, "no hash of anything", role.value, region), ground.NOW)
        verified_at = None if name == "guanli" else ground.NOW
        await put_factor(ledger, name, Factor(FactorKind.PHONE, PHONES[name], verified_at))
    yield World(ledger)
    await ledger.close()


@pytest.fixture
def desk(world: World, tmp_path: Path) -> AlertDesk:
    told = partial(recipients, world.ledger)
    return AlertDesk(world.ledger, world, Alerts(), world.send, told, tmp_path, ground.COUNTY)


async def test_a_trouble_is_told_once_to_those_of_its_region_who_may_know_and_again_after_hours(
    world: World, desk: AlertDesk
) -> None:
    assert await attend(desk) == 0
    await world.pause(2, "模板被停用")
    assert await attend(desk) == 2
    assert world.told() == [PHONES["yunwei"], PHONES["baiyang"]]
    assert await attend(desk) == 0
    world.at += timedelta(hours=12)
    assert await attend(desk) == 2
    assert "2026年草原生态保护补助" in world.sent[0].facts["title"]
    [alert] = await list_alerts(world.ledger, ground.BAIYANG, 9)
    assert alert.ended_at is None
    assert await list_alerts(world.ledger, ground.WANGWA, 9) == []
    await world.pause(2, None)
    await attend(desk)
    [alert] = await list_alerts(world.ledger, ground.COUNTY, 9)
    assert alert.ended_at == world.at


async def test_no_phone_is_texted_more_than_its_share_and_a_gateway_without_room_is_asked_again(
    world: World, desk: AlertDesk
) -> None:
    desk.settings = Alerts(most_a_day=1)
    world.outcome = Postponed("no_gateway", timedelta(seconds=30))
    await world.pause(1, "余额不足")
    await attend(desk)
    assert world.told() == [PHONES["yunwei"]]
    world.outcome = Accepted("ref")
    assert await attend(desk) == 1
    await world.pause(2, "模板被停用")
    assert await attend(desk) == 1
    assert world.told() == [PHONES["yunwei"], PHONES["baiyang"]]


async def test_a_letter_that_a_crash_left_in_the_air_is_not_sent_again(world: World, desk: AlertDesk) -> None:
    await world.pause(1, "余额不足")
    world.outcome = Postponed("no_gateway", timedelta(seconds=30))
    await attend(desk)
    assert await take_letter(world.ledger, world.at) is not None  # and then the process is gone
    world.outcome = Accepted("ref")
    world.told()
    assert await attend(desk) == 0
    assert world.told() == []


async def test_what_nobody_could_be_told_is_told_once_somebody_can(world: World, desk: AlertDesk) -> None:
    await drop_factor(world.ledger, "yunwei", FactorKind.PHONE)
    await world.pause(1, "余额不足")
    assert await attend(desk) == 0
    await put_factor(world.ledger, "yunwei", Factor(FactorKind.PHONE, PHONES["yunwei"], world.at))
    assert await attend(desk) == 1


async def test_an_openid_is_told_by_wechat_where_there_is_no_phone(world: World, desk: AlertDesk) -> None:
    await put_factor(world.ledger, "guanli", Factor(FactorKind.OPENID, "o-sample", ground.NOW))
    await world.pause(1, "余额不足")
    await attend(desk)
    assert [(one.address, one.medium) for one in world.sent if one.medium is Medium.WECHAT] == [
        ("o-sample", Medium.WECHAT)
    ]


async def test_a_changed_trail_and_a_wrong_count_are_found_by_the_deep_look(world: World, desk: AlertDesk) -> None:
    async with world.ledger.writing() as c:
        await append(c, "yunwei", "login", {})
    await attend(desk)
    async with world.ledger.writing() as c:
        await c.execute(text("UPDATE audit_entry SET who = 'nobody' WHERE id = 1"))
        await c.execute(text("UPDATE tally SET n = n + 1 WHERE campaign_id = 1"))
    assert await attend(desk) == 0
    world.at += timedelta(hours=6)
    await attend(desk)
    found = {one.trouble.subject for one in await list_alerts(world.ledger, ground.COUNTY, 9)}
    assert found == {"deep.audit", "deep.tally"}
