"""Our door drives the stand-in, which verifies with its own code: what we build it accepts, what it sends we read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from notifier.domain.contracts import Push
from notifier.domain.messages import Damaged, Heard, Letter, Receipt
from notifier.domain.outcomes import Accepted, Postponed, Reason, Refused, Scope, Unsure
from notifier.sandbox import handsets
from tests.channels.cmpp.lines import running, until
from tests.channels.cmpp.post import LONG, PHONE, Post, a_channel, a_post


@pytest.fixture(params=["2.0", "3.0"])
async def post(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(tmp_path, request.param, ours={}) as opened:
        yield opened


async def test_a_text_reaches_the_handset_and_its_report_comes_back(post: Post) -> None:
    outcome = await post.send()
    assert isinstance(outcome, Accepted)
    [receipt] = await post.told()
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_ref, receipt.address, receipt.delivered) == (outcome.provider_ref, PHONE, True)
    [row] = await post.received()
    assert (row.address, row.text, row.n_segments) == (PHONE, "【彭阳惠农】您好", 1)


async def test_a_long_text_is_whole_on_the_handset_and_each_part_is_reported(post: Post) -> None:
    outcome = await post.send(LONG)
    assert isinstance(outcome, Accepted)
    receipts = await post.told(3)
    assert {one.provider_ref for one in receipts if isinstance(one, Receipt)} == set(outcome.parts)
    [row] = await post.received()
    assert (row.text, row.n_segments) == (f"【彭阳惠农】{LONG}", 3)


async def test_many_letters_keep_the_window_and_each_arrives_once(post: Post) -> None:
    phones = [f"199{n:08}" for n in range(120)]
    texts = ["您好" if n % 3 else LONG for n in range(120)]
    outcomes = await asyncio.gather(*(post.send(texts[n], phone, n) for n, phone in enumerate(phones)))
    assert all(isinstance(one, Accepted) for one in outcomes)
    await post.told(120 + 2 * 40)
    assert sorted(row.address for row in await post.received()) == phones
    assert handsets.repeated_texts(post.record) == 0


async def test_a_handset_that_fails_says_why(post: Post) -> None:
    await post.misbehave(failing={PHONE: "MK:0001"})
    await post.send()
    [receipt] = await post.told()
    assert isinstance(receipt, Receipt)
    assert (receipt.delivered, receipt.code, receipt.reason) == (False, "MK:0001", Reason.DEAD_NUMBER)


async def test_a_person_who_writes_is_heard(post: Post) -> None:
    await post.send()
    await post.say("TD退订")
    [heard] = await post.told(1, lambda one: isinstance(one, Heard))
    assert isinstance(heard, Heard)
    assert (heard.address, heard.text) == (PHONE, "TD退订")


# ── refusals ──


async def test_a_bad_number_is_refused(post: Post) -> None:
    outcome = await post.send(phone="12345")
    assert isinstance(outcome, Refused)
    assert outcome.scope is Scope.NUMBER


@pytest.mark.parametrize(
    ("ours", "code"),
    [
        ({"source_addr": "111111"}, "connect:2"),
        ({"shared_secret": "another"}, "connect:3"),
        ({"service_id": "OTHER"}, "submit:7"),
        ({"src_id": "1"}, "submit:10"),
    ],
)
async def test_a_wrong_account_is_refused_with_its_own_code(tmp_path: Path, ours: dict[str, Any], code: str) -> None:
    async with a_post(tmp_path, ours=ours) as post:
        outcome = await post.send()
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.scope) == (code, Scope.ACCOUNT)
        assert await post.received() == []


async def test_a_version_that_is_too_high_is_refused(tmp_path: Path) -> None:
    async with a_post(tmp_path, version="2.0", ours={"version": "3.0"}) as post:
        outcome = await post.send()
        assert isinstance(outcome, Refused)
        assert outcome.code == "connect:4"


async def test_a_second_connection_of_the_account_is_not_let_in(tmp_path: Path) -> None:
    async with a_post(tmp_path, ours={}) as post:
        await post.send()
        other = a_channel(post.gateway.port)
        async with running(other):
            [outcome] = await other.send([Letter(2, PHONE, "${text}", {"text": "您好"})], "n2-0")
        assert isinstance(outcome, Postponed)
        assert outcome.code == "connect:5"


async def test_a_text_without_the_signature_is_reported_so(tmp_path: Path) -> None:
    async with a_post(tmp_path, ours={"sign_name": ""}) as post:
        await post.send()
        [receipt] = await post.told()
        assert isinstance(receipt, Receipt)
        assert (receipt.code, receipt.reason) == ("XA:0003", Reason.CONTENT)


async def test_the_pace_of_the_account_postpones(tmp_path: Path) -> None:
    async with a_post(tmp_path, ours={}, submits_per_second=1) as post:
        assert isinstance(await post.send(), Accepted)
        assert isinstance(await post.send(n=2), Postponed)


# ── mischief ──


async def test_a_report_that_comes_before_the_answer_is_read(post: Post) -> None:
    await post.misbehave(["receipt_early"])
    outcome = await post.send()
    assert isinstance(outcome, Accepted)
    [receipt] = post.inbound
    assert isinstance(receipt, Receipt)
    assert receipt.provider_ref == outcome.provider_ref


@pytest.mark.parametrize("mishap", ["frames_torn", "frames_glued"])
async def test_answers_in_single_bytes_or_all_at_once_are_read(post: Post, mishap: str) -> None:
    await post.misbehave(*[[mishap]] * 10)
    outcomes = await asyncio.gather(*(post.send(phone=f"199{n:08}", n=n) for n in range(10)))
    assert all(isinstance(one, Accepted) for one in outcomes)
    await post.told(10)


@pytest.mark.parametrize(
    ("mishap", "code", "n_received"),
    [
        ("no_answer", "timeout", 1),
        ("reset_after", "reset", 1),
        ("reset_mid_body", "reset", 1),
        ("garbage_body", "garbage", 1),
        ("http_502_after", "garbage", 1),
        ("slow_body", "timeout", 1),
        ("reset_before", "reset", 0),
        ("http_500", "garbage", 0),
    ],
)
async def test_a_lost_answer_is_unsure_and_the_letter_is_sent_once(
    post: Post, mishap: str, code: str, n_received: int
) -> None:
    await post.misbehave([mishap])
    assert await post.send() == Unsure(code)
    await post.quiet()
    assert len(await post.received()) == n_received
    await until(lambda: post.gateway._line() is not None)
    assert isinstance(await post.send(phone="19900000002", n=2), Accepted)


async def test_a_throttled_letter_is_postponed(post: Post) -> None:
    await post.misbehave(["throttle"])
    outcome = await post.send()
    assert isinstance(outcome, Postponed)
    assert await post.received() == []


@pytest.mark.parametrize(("mishap", "n"), [("receipt_doubled", 2), ("receipt_unknown", 2), ("receipt_silent", 0),
                                           ("receipt_lost", 0), ("receipt_late", 1)])  # fmt: skip
async def test_reports_come_twice_never_late_and_of_strangers(post: Post, mishap: str, n: int) -> None:
    await post.misbehave([mishap])
    await post.send()
    await post.told(n)
    await post.quiet()
    assert len([one for one in post.inbound if isinstance(one, Receipt)]) == n


async def test_a_report_that_is_none_is_damaged_and_the_next_one_counts(post: Post) -> None:
    await post.misbehave(["receipt_garbled"])
    await post.send()
    said = await post.told(2)
    assert sorted(type(one).__name__ for one in said) == ["Damaged", "Receipt"]
    assert any(isinstance(one, Damaged) for one in said)


async def test_a_narrow_report_on_a_wide_session_is_read(tmp_path: Path) -> None:
    async with a_post(tmp_path, ours={}, narrow_reports=True) as post:
        await post.send()
        [receipt] = await post.told()
        assert isinstance(receipt, Receipt)
        assert (receipt.address, receipt.delivered) == (PHONE, True)


async def test_a_report_that_was_not_stored_comes_again(post: Post) -> None:
    taken = post.take
    n_broken = 2

    async def take(push: Push) -> None:
        nonlocal n_broken
        if n_broken:
            n_broken -= 1
            raise OSError("the ledger is away")
        await taken(push)

    post.take = take  # type: ignore[method-assign]
    await post.send()
    assert len(await post.told(1)) >= 1
