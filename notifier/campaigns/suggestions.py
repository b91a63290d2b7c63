"""What an administrator makes of a suggested campaign: accepted, edited or refused; nothing learns from it."""

from dataclasses import dataclass

from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.free_text import masked
from notifier.domain.rule_forms import explain, to_json
from notifier.domain.rules import Rule
from notifier.store.disclosure import file_under
from notifier.store.ledger import Ledger
from notifier.store.reporting import region_names
from notifier.store.understood import Verdict, decide

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class SuggestionDesk:
    """Where suggestions are decided. Every decision is kept with the rule before and after it, and audited."""

    ledger: Ledger
    clock: Clock

    async def accept(self, campaign_id: int, by: str, remark: str = "") -> None:
        """The suggestion stands and goes on through its reviews. Raises InputError (Chinese) when it is decided."""
        await decide(self.ledger, campaign_id, Verdict("accepted", by, _kept(remark)), self.clock.now())

    async def edit(self, campaign_id: int, by: str, rule: Rule, remark: str = "") -> None:
        """It is for these households instead, and whoever edits is its author: somebody else reviews it.

        Raises InputError (Chinese) when it was reviewed, sent or cancelled already.
        """
        said = explain(rule, await region_names(self.ledger))
        verdict = Verdict("edited", by, _kept(remark), to_json(rule), said)
        await decide(self.ledger, campaign_id, verdict, self.clock.now())

    async def refuse(self, campaign_id: int, by: str, remark: str) -> None:
        """Nobody is told of the policy by this campaign. Raises InputError (Chinese): no reason, or decided already."""
        if not remark.strip():
            raise InputError("请写明为什么不通知,以后核查时看得明白")
        await decide(self.ledger, campaign_id, Verdict("refused", by, _kept(remark)), self.clock.now())

    async def file_under(self, benefit_id: int, entry_id: int, by: str) -> None:
        """The policy is filed under the entry of 三级政务公开清单. Raises InputError for an unknown one."""
        await file_under(self.ledger, benefit_id, entry_id, by, self.clock.now())


def _kept(remark: str) -> str:
    return masked(remark.strip())[:_LONGEST]
