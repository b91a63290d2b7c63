"""One exam for every provider in the registry: a new one is examined without writing a test.

Its samples folder's `exam.json` holds its section, a letter, its replies and its receipts, and its transport unless
it is HTTP. A provider with a second kind of message has another paper beside it, `exam_….json`.
"""

import asyncio
import copy
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest

from notifier.channels import REGISTRY, open_channels
from notifier.domain import settings
from notifier.domain.contracts import Channel, Connected, Push
from notifier.domain.errors import InputError
from notifier.domain.messages import By, Letter, Receipt
from notifier.domain.outcomes import Accepted, NoAnswer, Postponed, Reason, Refused, Scope, Unsure
from notifier.wire import Wire
from tests.channels.cmpp.scripted_ismg import ScriptedIsmg, a_scripted_ismg
from tests.channels.doubles import FrozenClock, MemoryTokens
from tests.channels.samples import papers_of, sample
from tests.channels.scripted_server import ScriptedServer, Step, a_free_port, a_scripted_server

OUT_ID = "n42-0"
CALL_TIMEOUT = timedelta(milliseconds=150)
Gateway = ScriptedServer | ScriptedIsmg
TRANSPORTS: dict[str, Callable[..., AbstractAsyncContextManager[Gateway]]] = {
    "http": a_scripted_server,
    "cmpp": a_scripted_ismg,
}


@dataclass(frozen=True)
class Candidate:
    """A provider with the facts of its samples."""

    name: str
    paper: str = "exam"

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = sample(self.name, self.paper)
        return facts

    @property
    def letter(self) -> Letter:
        given = self.facts["letter"]
        return Letter(message_id=42, **given | {"by": By(given.get("by", By.TEMPLATE))})

    @property
    def came_at(self) -> datetime:
        return datetime.fromisoformat(self.facts["pushed_at"])

    def reply(self, which: str, **changes: Any) -> Step:
        return _step(self.facts["replies"][which], **changes)

    def reply_to(self, letters: Sequence[Letter]) -> Step:
        """Accepted, with the status of each letter where the provider gives one: `status_of_each` says where."""
        reply = copy.deepcopy(self.facts["replies"]["accepted"])
        if (where := self.facts.get("status_of_each")) is not None:
            *path, last, name, before = where
            inner = reduce(dict.__getitem__, path, reply["body"])
            inner[last] = [inner[last][0] | {name: before + letter.address} for letter in letters]
        return _step(reply)

    def push(self, which: str, body: bytes | None = None) -> Push:
        kept = self.facts[which]
        recorded = bytes.fromhex(kept["hex"]) if "hex" in kept else kept["body"].encode()
        return Push(self.name, kept["query"], recorded if body is None else body, self.came_at)

    @asynccontextmanager
    async def opened(self, base: str, wire: Wire) -> AsyncIterator[Channel]:
        address = urlsplit(base)
        section = {
            key: value.format(base=base, host=address.hostname, port=address.port) if isinstance(value, str) else value
            for key, value in self.facts["section"].items()
        }
        channels = settings.Channels.model_validate({self.name: section})
        channel = open_channels(channels, wire, MemoryTokens(), FrozenClock(self.came_at))[self.name]
        async with _kept_up(channel):
            yield channel

    @asynccontextmanager
    async def door(self, *steps: Step) -> AsyncIterator[tuple[Channel, Gateway]]:
        transport = TRANSPORTS[self.facts.get("transport", "http")]
        async with transport(*steps) as server, Wire(settings.Wire(), CALL_TIMEOUT) as wire:
            server.side = {path: _step(reply) for path, reply in self.facts["side_paths"].items()}
            async with self.opened(server.base, wire) as channel:
                yield channel, server


@asynccontextmanager
async def _kept_up(channel: Channel) -> AsyncIterator[None]:
    """The connection of a channel that is one; nothing for the others."""
    if not isinstance(channel, Connected):
        yield
        return

    async def take(_: Push) -> None: ...

    running = asyncio.create_task(channel.run(take))
    await asyncio.sleep(0)
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _step(reply: dict[str, Any], **changes: Any) -> Step:
    if "hex" in reply:
        return Step(200, bytes.fromhex(reply["hex"]), **changes)
    body = reply["text"] if "text" in reply else json.dumps(reply["body"], ensure_ascii=False)
    return Step(reply["status"], body.encode(), **changes)


PAPERS = [(name, paper) for name in sorted(REGISTRY) for paper in papers_of(name)]


@pytest.fixture(params=PAPERS, ids=[name if paper == "exam" else f"{name}-{paper}" for name, paper in PAPERS])
def candidate(request: pytest.FixtureRequest) -> Candidate:
    return Candidate(*request.param)


async def test_an_accepted_letter_carries_the_providers_reference(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("accepted")) as (channel, _):
        assert list(await channel.send([candidate.letter], OUT_ID)) == [Accepted(candidate.facts["provider_ref"])]


async def test_the_out_id_goes_out_with_the_letter(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("accepted")) as (channel, server):
        await channel.send([candidate.letter], OUT_ID)
        sent = server.asked[0].body
    if candidate.facts.get("takes_out_id", True):
        assert OUT_ID.encode() in sent
    else:  # then nothing but its receipt can settle it
        assert isinstance(await channel.ask(candidate.letter, OUT_ID, candidate.came_at), NoAnswer)


async def test_the_address_and_the_values_are_never_in_a_url(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("accepted")) as (channel, server):
        await channel.send([candidate.letter], OUT_ID)
        sent = server.asked + server.asked_aside
        assert not any(candidate.letter.address in asked.target for asked in sent)
        assert not any("297" in asked.target for asked in sent)


async def test_a_refused_letter_says_how_far_and_why(candidate: Candidate) -> None:
    refusal = candidate.facts["refusal"]
    expected = Refused(refusal["code"], Scope(refusal["scope"]), Reason(refusal["reason"]))
    async with candidate.door(candidate.reply("refused")) as (channel, _):
        assert list(await channel.send([candidate.letter], OUT_ID)) == [expected]


async def test_a_throttled_letter_is_postponed(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("throttled")) as (channel, _):
        [outcome] = await channel.send([candidate.letter], OUT_ID)
    assert isinstance(outcome, Postponed)
    assert timedelta(0) < outcome.delay <= timedelta(minutes=1)


async def test_a_gateway_that_nobody_answers_for_postpones(candidate: Candidate) -> None:
    nobody = f"http://127.0.0.1:{a_free_port()}"
    async with Wire(settings.Wire(), CALL_TIMEOUT) as wire, candidate.opened(nobody, wire) as channel:
        [outcome] = await channel.send([candidate.letter], OUT_ID)
    assert isinstance(outcome, Postponed)


@pytest.mark.parametrize(
    "how", [{"reset": True}, {"close": True}, {"silent": True}, {"delay_s": 1.0}], ids=lambda how: next(iter(how))
)
async def test_a_letter_whose_answer_is_lost_is_unsure_and_is_not_sent_again(
    candidate: Candidate, how: dict[str, Any]
) -> None:
    async with candidate.door(candidate.reply("accepted", **how), candidate.reply("accepted")) as (channel, server):
        [outcome] = await channel.send([candidate.letter], OUT_ID)
        assert isinstance(outcome, Unsure)
        assert len(server.asked) == 1


@pytest.mark.parametrize("which", ["fault", "garbage"])
async def test_an_answer_that_says_nothing_is_unsure(candidate: Candidate, which: str) -> None:
    async with candidate.door(candidate.reply(which), candidate.reply("accepted")) as (channel, server):
        [outcome] = await channel.send([candidate.letter], OUT_ID)
        assert isinstance(outcome, Unsure)
        assert len(server.asked) == 1


async def test_a_slow_answer_inside_the_time_is_believed(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("accepted", delay_s=0.05)) as (channel, _):
        assert isinstance((await channel.send([candidate.letter], OUT_ID))[0], Accepted)


async def test_a_full_batch_has_one_outcome_a_letter(candidate: Candidate) -> None:
    letter = candidate.letter
    stem = letter.address[:-3]
    async with candidate.door() as (channel, server):
        letters = [replace(letter, message_id=n, address=f"{stem}{n:03}") for n in range(channel.batch_size)]
        server.script.append(candidate.reply_to(letters))
        outcomes = await channel.send(letters, OUT_ID)
        assert list(outcomes) == [Accepted(candidate.facts["provider_ref"])] * channel.batch_size
        assert len(server.asked) == 1


@pytest.mark.parametrize("how", ["lost", "fault", "garbage"])
async def test_a_question_that_fails_is_no_answer(candidate: Candidate, how: str) -> None:
    step = Step(reset=True) if how == "lost" else candidate.reply(how)
    async with candidate.door(step) as (channel, _):
        settled = await channel.ask(candidate.letter, OUT_ID, candidate.came_at - timedelta(minutes=2))
    assert isinstance(settled, NoAnswer)


async def test_a_receipt_names_the_letter_its_fate_and_its_time(candidate: Candidate) -> None:
    kept = candidate.facts["receipt"]
    async with candidate.door() as (channel, _):
        [receipt] = channel.read_push(candidate.push("receipt"))
    assert isinstance(receipt, Receipt)
    assert (receipt.gateway, receipt.address) == (candidate.name, candidate.letter.address)
    if candidate.facts.get("bound_by_event"):  # its template and address tell whose it is, and it brings the reference
        assert (receipt.out_id, receipt.template) == (None, candidate.letter.template)
        assert receipt.provider_ref
    else:
        assert receipt.out_id == OUT_ID or receipt.provider_ref == candidate.facts["provider_ref"]
    assert (receipt.delivered, receipt.code, receipt.reason) == (True, kept["code"], None)
    assert (receipt.at, receipt.n_segments) == (datetime.fromisoformat(kept["at"]), kept["n_segments"])


async def test_a_failed_receipt_says_why(candidate: Candidate) -> None:
    kept = candidate.facts["failure"]
    async with candidate.door() as (channel, _):
        [receipt] = channel.read_push(candidate.push("failure"))
    assert isinstance(receipt, Receipt)
    assert (receipt.delivered, receipt.code, receipt.reason) == (False, kept["code"], Reason(kept["reason"]))


async def test_a_receipt_reads_the_same_before_the_sending_after_it_and_twice(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("accepted")) as (channel, _):
        early = channel.read_push(candidate.push("receipt"))
        await channel.send([candidate.letter], OUT_ID)
        late, again = channel.read_push(candidate.push("receipt")), channel.read_push(candidate.push("receipt"))
    assert early == late == again


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"<html>", b"no"])
async def test_what_is_not_the_providers_push_is_an_input_error(candidate: Candidate, body: bytes) -> None:
    async with candidate.door() as (channel, _):
        with pytest.raises(InputError):
            channel.read_push(candidate.push("receipt", body))


async def test_a_push_is_answered_with_200(candidate: Candidate) -> None:
    async with candidate.door() as (channel, _):
        status, kind, body = channel.answer_push(candidate.push("receipt"))
    assert status == 200
    assert kind
    assert body


async def test_nothing_personal_shows_in_an_outcome_or_a_push(candidate: Candidate) -> None:
    async with candidate.door(candidate.reply("refused")) as (channel, _):
        shown = [repr(one) for one in await channel.send([candidate.letter], OUT_ID)]
        shown += [repr(one) for one in channel.read_push(candidate.push("receipt"))]
        shown += [repr(candidate.push("receipt")), repr(candidate.letter), repr(channel)]
    assert not any(candidate.letter.address in text for text in shown)


async def test_a_disabled_gateway_is_left_out(candidate: Candidate) -> None:
    assert candidate.name not in open_channels(
        settings.Channels(), Wire(settings.Wire()), MemoryTokens(), FrozenClock()
    )


QUESTIONS = (
    "auth", "template approval", "rate", "length", "receipts", "signature", "idempotency", "error docs", "sandbox",
    "price",
)  # fmt: skip
ANSWER = re.compile(r"(done - |exempt because |unknown since \d{4}-\d{2} - ).+")


def test_the_provider_card_answers_every_question(candidate: Candidate) -> None:
    card = import_module(f"notifier.channels.{candidate.name}").__doc__ or ""
    answers = dict(line.removeprefix("* ").split(": ", 1) for line in card.splitlines() if line.startswith("* "))
    assert tuple(answers) == QUESTIONS
    assert all(ANSWER.fullmatch(answer) for answer in answers.values())


def test_every_section_of_the_settings_has_a_builder() -> None:
    assert set(REGISTRY) == set(settings.Channels.model_fields)
