"""Wrong numbers, the tasks they leave, and what is told to the corrected ones."""

from datetime import timedelta

from notifier.domain.identity import Phone
from notifier.store.corrections import dismiss_correction, open_tasks
from notifier.store.registry_contacts import NewPhone, correct_phone
from tests.day.county import SMS, A, SmallCounty, phone, settle_in, tell_payments, tell_policy
from tests.track.answers import COUNTY, climb_to_the_end, reached_numbers, reasons, say


async def test_a_wrong_number_is_never_written_to_again_and_the_household_goes_on(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1), phone(2)])])
    await tell_policy(county)
    await county.a_round()
    assert await county.owed() == {"reached": 1}
    await say(county, phone(1), "打错了,不是本人")
    assert await county.owed() == {"pending": 1}
    assert await county.one("SELECT state FROM campaign") == "running"
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(1), phone(2)]
    assert (await county.owed(), await county.one("SELECT state FROM campaign")) == ({"reached": 1}, "finished")
    await tell_payments(county, [(1, 10)])
    await climb_to_the_end(county)
    assert reached_numbers(county) == [phone(1), phone(2), phone(2)]


async def test_a_wrong_number_opens_a_task_for_the_village_and_a_visit_where_no_other_is_left(
    county: SmallCounty,
) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("aliyun", script=[["receipt_lost"]])
    await tell_payments(county, [(1, 10)])
    await county.a_round()
    await say(county, phone(1), "我不是本人")
    await county.compose()
    assert await reasons(county) == {"wrong_number": 1}
    (task,) = await open_tasks(county.ledger, "640425100202")
    assert (task.reason, task.household_id, task.person_id) == ("wrong_number", 1, 10)
    assert phone(1) not in f"{task.phone}{task!r}"
    assert await open_tasks(county.ledger, "640425101201") == []


async def test_a_late_receipt_from_a_wrong_number_reaches_nobody(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await county.misbehave("aliyun", script=[["receipt_lost"]])
    await tell_policy(county)
    await county.a_round()
    await say(county, phone(1), "发错了")
    await county.compose()
    sent = county.received()[0]
    await county.push(
        SMS, [{"phone_number": phone(1), "success": True, "err_code": "DELIVERED", "out_id": sent.sender_key}]
    )
    await climb_to_the_end(county)
    assert (await county.messages(), await county.owed()) == ({"delivered": 1}, {"unreached": 1})


async def test_a_corrected_number_is_told_by_itself_and_the_visit_waits_for_the_evidence(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)]), A([None]), A([phone(3)])])
    await tell_policy(county)
    await tell_payments(county, [(1, 10), (2, 20)])
    await county.a_round()
    await say(county, phone(1), "不认识")
    await county.compose()
    await county.a_round()
    assert await county.owed() == {"unreached": 4, "reached": 1}
    assert await county.counts("SELECT state, COUNT(*) FROM campaign GROUP BY state") == {"finished": 2}
    for person, number in ((10, phone(11)), (20, phone(12))):
        await correct_phone(county.ledger, NewPhone(person, Phone(number), "cunguan"), 3, county.clock.now())
        await correct_phone(county.ledger, NewPhone(person, Phone(number), "cunguan"), 3, county.clock.now())
    assert await open_tasks(county.ledger, COUNTY) == []
    assert await county.counts("SELECT state, COUNT(*) FROM visit GROUP BY state") == {"open": 4}
    await county.compose()
    await county.compose()
    assert await county.owed() == {"unreached": 4, "reached": 1}
    await climb_to_the_end(county)
    assert await county.owed() == {"reached": 5}
    assert await county.counts("SELECT state, COUNT(*) FROM visit GROUP BY state") == {"overtaken": 4}
    assert sorted(reached_numbers(county)) == sorted(
        [phone(1), phone(1), phone(3), phone(11), phone(11), phone(12), phone(12)]
    )
    assert await county.counts("SELECT state, COUNT(*) FROM campaign GROUP BY state") == {"finished": 2}


async def test_a_corrected_number_that_fails_too_leaves_the_visit_open(county: SmallCounty) -> None:
    dead = phone(7)
    await settle_in(county.ledger, [A([None])])
    await tell_policy(county)
    await county.a_round()
    await correct_phone(county.ledger, NewPhone(10, Phone(dead), "cunguan"), 3, county.clock.now())
    await county.misbehave("aliyun", script=[["receipt_lost"]])
    await county.a_round()
    county.clock.ahead += timedelta(hours=85)
    await county.track()
    await climb_to_the_end(county)
    assert (await county.messages(), await county.owed()) == ({"silent": 1}, {"unreached": 1})
    assert await county.one("SELECT state FROM visit") == "open"


async def test_a_number_that_is_right_after_all_is_used_again(county: SmallCounty) -> None:
    await settle_in(county.ledger, [A([phone(1)])])
    await say(county, phone(1), "打错了")
    (task,) = await open_tasks(county.ledger, COUNTY)
    await dismiss_correction(county.ledger, task.task_id, "guanli", county.clock.now())
    await tell_policy(county)
    await county.a_round()
    assert await county.owed() == {"reached": 1}
