"""The ledger held against the gateways' own record: every way in which the two can differ is found and counted."""

from pathlib import Path

from sqlalchemy import text

from notifier.domain.messages import Medium
from notifier.store.proof import HandsetRecord, Proof, prove
from tests.day.county import A, SmallCounty, phone, settle_in, small_county, tell_policy

N = 12


async def told(county: SmallCounty) -> list[HandsetRecord]:
    """A policy was sent to N households and the record of the gateway is at hand; two more have no phone."""
    await settle_in(county.ledger, [A([phone(n)]) for n in range(N)] + [A([None])] * 2)
    await tell_policy(county)
    await county.compose()
    await county.dispatch()
    return [HandsetRecord(Medium(one.channel), one.sender_key, one.address) for one in county.received()]


async def change(county: SmallCounty, sql: str) -> None:
    async with county.ledger.writing() as c:
        await c.execute(text(sql))


async def test_what_was_sent_and_received_is_accounted_for_in_batches_of_any_size(
    ledger_url: str, tmp_path: Path
) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        records = await told(county)
        for size in (1, 5, N):
            batches = [records[at : at + size] for at in range(0, N, size)]
            assert await prove(county.ledger, batches) == Proof(n_records=N, n_messages=N, n_taken=N)
        assert (await prove(county.ledger, [records])).is_whole


async def test_a_second_record_of_one_message_is_a_duplicate_whatever_call_it_came_with(
    ledger_url: str, tmp_path: Path
) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        records = await told(county)
        await change(
            county,
            "INSERT INTO attempt (id, out_id, chunk_id, gateway, template, message_ids, state, outcome, started_at) "
            "SELECT id + 100, 'again', chunk_id, gateway, template, message_ids, state, outcome, started_at "
            "FROM attempt LIMIT 1",
        )
        again = HandsetRecord(Medium.SMS, "again", records[0].address)
        proof = await prove(county.ledger, [records, [records[1], again]])
        assert (proof.n_duplicates, proof.n_taken, proof.is_whole) == (2, N, False)


async def test_a_record_that_the_ledger_does_not_know_is_unknown(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        records = await told(county)
        strange = [
            HandsetRecord(Medium.SMS, "nobody's call", records[0].address),
            HandsetRecord(Medium.SMS, records[0].out_id, phone(999)),
            HandsetRecord(Medium.WECHAT, records[0].out_id, records[0].address),
        ]
        proof = await prove(county.ledger, [records + strange])
        assert (proof.n_unknown, proof.n_duplicates, proof.is_whole) == (3, 0, False)


async def test_a_received_message_that_the_ledger_calls_not_sent_is_found(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        records = await told(county)
        await change(county, "UPDATE message SET state = 'ready' WHERE id = (SELECT MIN(id) FROM message)")
        proof = await prove(county.ledger, [records])
        assert (proof.n_called_not_sent, proof.n_taken, proof.n_phantoms) == (1, N - 1, 0)
        await change(county, "UPDATE message SET state = 'accepted'")
        await change(county, "UPDATE attempt SET outcome = 'refused'")
        assert (await prove(county.ledger, [records])).n_called_not_sent == N


async def test_a_message_called_taken_that_no_handset_has_is_a_phantom(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        records = await told(county)
        assert (await prove(county.ledger, [records[2:]])).n_phantoms == 2
        assert (await prove(county.ledger, [])).n_phantoms == N


async def test_a_household_on_no_list_and_one_without_evidence_are_found(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        records = await told(county)
        await change(county, "DELETE FROM visit WHERE id = (SELECT MIN(id) FROM visit)")
        assert (await prove(county.ledger, [records])).n_lost_owed == 1
        await change(county, "UPDATE message SET state = 'silent' WHERE id = (SELECT MIN(id) FROM message)")
        assert (await prove(county.ledger, [records])).n_lost_owed == 2
        await change(county, "UPDATE owed SET state = 'reached' WHERE id = (SELECT MAX(owed_id) FROM message)")
        proof = await prove(county.ledger, [records])
        assert (proof.n_unproved_owed, proof.is_whole) == (1, False)
