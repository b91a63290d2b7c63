"""Payment records that another system pushes to us, signed: proved, taken like any list, and answered line by line."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog

from notifier.domain.benefits import AuditState, Disbursement, Finding
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError, NotifierError
from notifier.sources.headers import HeaderAliases
from notifier.sources.payment_definitions import PushDefinition
from notifier.sources.payment_findings import Records, record_findings
from notifier.store import audit
from notifier.store.ledger import Ledger
from notifier.store.matching import county_code
from notifier.store.pushed_payments import Nonce, answer_of, keep_answer
from notifier.watch.became import Terms
from notifier.watch.returning import PaymentRun, keep_run
from notifier.watch.taking import take

MOST_RECORDS = 5_000
_LEAST_SECRET = 32
_NONCE = re.compile(r"[A-Za-z0-9_\-]{16,64}")
_KEPT = timedelta(days=1)
_NOTHING = "空记录，或是合计、表头"
_LOG = structlog.get_logger(__name__)


class Unproven(NotifierError):
    """A push that is not signed by whom it names, or not of now."""


class NonceUsed(NotifierError):
    """Another push used the nonce for other records."""


@dataclass(frozen=True, slots=True)
class Signed:
    """How a push proves itself: its headers as they came; `signature` is hex."""

    timestamp: str
    nonce: str
    signature: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PaymentPushDesk:
    """Where pushes are taken. `secrets` holds by name what definitions only name."""

    ledger: Ledger
    clock: Clock
    pushers: Mapping[str, PushDefinition]
    aliases: HeaderAliases
    final_audit: AuditState
    secrets: Mapping[str, str] = field(repr=False)

    async def take(self, source: str, signed: Signed, body: bytes) -> Mapping[str, Any]:
        """The records of a push are lines or rejected, each named in the answer by its place, from 1. Repeatable.

        `body` is {"records": [{…}, …]}, at most 5,000. The same push again gets the same answer and does nothing. The
        answer holds n_new, accepted [{record, project}] and rejected [{record, why}].
        Raises Unproven (nothing is told about why), NonceUsed, or InputError (Chinese) for a body that is none.
        """
        definition = self._proved(source, signed, body)
        nonce = Nonce(source, signed.nonce, hashlib.sha256(body).digest())
        if (known := await answer_of(self.ledger, nonce)) is not None:
            if not known[1]:
                raise NonceUsed
            return {**known[0], "repeated": True}
        records = _records(body)
        answer = await self._take(definition, records)
        async with self.ledger.writing() as c:
            now = self.clock.now()
            await keep_answer(c, nonce, answer, now, max(_KEPT, 2 * definition.age))
            counts = {"n": len(records), "n_new": answer["n_new"], "n_rejected": len(answer["rejected"])}
            await audit.append(c, f"source:{source}", "payments.push", counts, at=now)
        return {**answer, "repeated": False}

    def _proved(self, source: str, signed: Signed, body: bytes) -> PushDefinition:
        definition = self.pushers.get(source)
        secret = "" if definition is None else self.secrets.get(definition.secret_env, "")
        said = f"{signed.timestamp}\n{signed.nonce}\n".encode() + body
        due = hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
        is_same = hmac.compare_digest(due.encode(), signed.signature.lower().encode())
        if definition is None or not is_same or not _NONCE.fullmatch(signed.nonce):
            raise Unproven
        if len(secret) < _LEAST_SECRET:
            _LOG.error("push_secret_too_short", source=source, variable=definition.secret_env)
            raise Unproven
        if not self._is_of_now(signed.timestamp, definition.age):
            raise Unproven
        return definition

    def _is_of_now(self, timestamp: str, age: timedelta) -> bool:
        if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII):
            return False
        return abs(self.clock.now().timestamp() - int(timestamp)) <= age.total_seconds()

    async def _take(self, definition: PushDefinition, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        now = self.clock.now()
        found = await asyncio.to_thread(record_findings, definition, Records(records, {}, now), self.aliases)
        region_code = definition.region or await county_code(self.ledger)
        terms = Terms(region_code, is_baseline=False, final_audit=self.final_audit, is_asked=True)
        accepted, rejected, n_new = dict[int, int | None](), dict[int, str](), 0
        for finding in found:
            taken = await take(self.ledger, finding, terms)
            batch = _batch(finding)
            n_new += taken.n_new
            accepted |= {line.row: taken.benefit_id for line in batch.lines}
            rejected |= {line.row: line.why for line in batch.rejected}
            await self._keep_rejected(finding, taken.n_new, now)
        rest = set(range(1, len(records) + 1)) - accepted.keys() - rejected.keys()
        rejected |= dict.fromkeys(rest, _NOTHING)
        return {
            "n_new": n_new,
            "accepted": [{"record": n, "project": accepted[n]} for n in sorted(accepted)],
            "rejected": [{"record": n, "why": rejected[n]} for n in sorted(rejected)],
        }

    async def _keep_rejected(self, finding: Finding, n_new: int, now: datetime) -> None:
        batch = _batch(finding)
        if batch.rejected:
            run = PaymentRun(finding.raw, [batch], f"source:{finding.source}", n_new)
            await keep_run(self.ledger, run, now)


def _batch(finding: Finding) -> Disbursement:
    assert isinstance(finding.benefit, Disbursement)
    return finding.benefit


def _records(body: bytes) -> list[Mapping[str, Any]]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InputError('内容不是 JSON；应为 {"records": [{…}, …]}') from None
    records = said.get("records") if isinstance(said, Mapping) else None
    if not isinstance(records, list) or not records:
        raise InputError('内容中没有 records 列表；应为 {"records": [{…}, …]}')
    if len(records) > MOST_RECORDS:
        raise InputError(f"一次最多推送{MOST_RECORDS}条记录；请分几次推送")
    return [one if isinstance(one, Mapping) else {} for one in records]
