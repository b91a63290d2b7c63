"""What people decide about what watching found; each decision is one transaction with its audit entry."""

from dataclasses import dataclass
from datetime import date

from notifier.domain.benefits import AuditState
from notifier.domain.contracts import Clock
from notifier.domain.errors import InputError
from notifier.domain.regions import span
from notifier.sources.dates import today
from notifier.sources.headers import HeaderAliases
from notifier.store import audit, versions
from notifier.store.attachments import decide_draft, open_attachment
from notifier.store.ledger import Ledger
from notifier.store.undated import close_item, date_item, region_of_undated
from notifier.store.watching import accept_list
from notifier.watch.importing import Handed, PaymentImport, import_content


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and the region outside of which there is nothing for them."""

    name: str
    region_code: str


@dataclass(frozen=True, slots=True)
class WatchDesk:
    """Where changed texts, undated items, payment lists on pages and rebuilt sites are decided."""

    ledger: Ledger
    clock: Clock
    aliases: HeaderAliases
    final_audit: AuditState

    async def tell_version(self, benefit_id: int, version: int, who: Decider) -> None:
        """The policy says what the version says; its campaign is proposed as any policy's. Raises InputError."""
        _within(await versions.region_of_benefit(self.ledger, benefit_id), who)
        now = self.clock.now()
        async with self.ledger.writing() as c:
            await versions.tell_version(c, benefit_id, version, who.name, now)
            await audit.append(c, who.name, "policy.tell_version", {"benefit": benefit_id, "version": version}, at=now)

    async def dismiss_version(self, benefit_id: int, version: int, who: Decider) -> None:
        """The version tells nobody and does not come up again. Raises InputError."""
        _within(await versions.region_of_benefit(self.ledger, benefit_id), who)
        now = self.clock.now()
        async with self.ledger.writing() as c:
            await versions.dismiss_version(c, benefit_id, version, who.name, now)
            await audit.append(
                c, who.name, "policy.dismiss_version", {"benefit": benefit_id, "version": version}, at=now
            )

    async def date_item(self, item_id: int, on: date, who: Decider) -> int:
        """The item is a policy published on that day; gives the benefit's id. Raises InputError; the future is one."""
        now = self.clock.now()
        _within(await region_of_undated(self.ledger, item_id), who)
        if on > today(now):
            raise InputError(f"发布日期 {on} 在将来;请填写网页实际发布的日期")
        async with self.ledger.writing() as c:
            benefit_id = await date_item(self.ledger, c, item_id, on, (who.name, now))
            detail = {"item": item_id, "benefit": benefit_id, "on": on.isoformat()}
            await audit.append(c, who.name, "source.date_item", detail, at=now)
        return benefit_id

    async def refuse_item(self, item_id: int, who: Decider) -> None:
        """The item tells nobody and waits no longer. Raises InputError."""
        _within(await region_of_undated(self.ledger, item_id), who)
        now = self.clock.now()
        async with self.ledger.writing() as c:
            await close_item(c, item_id, "refused", (who.name, now))
            await audit.append(c, who.name, "source.refuse_item", {"item": item_id}, at=now)

    async def accept_list(self, source: str, who: Decider, *, anew: bool) -> None:
        """The source's list is right as it is now; with `anew` the next look is a baseline too. Raises InputError."""
        async with self.ledger.writing() as c:
            if not await accept_list(c, source, anew=anew):
                raise InputError(f"没有查看过来源 {source};用 notifier source list 查看")
            await audit.append(c, who.name, "source.accept_list", {"source": source, "anew": anew}, at=self.clock.now())

    async def take_draft(self, attachment_id: int, who: Decider) -> PaymentImport:
        """The payment list on a page is imported as if `who` had handed it in. Raises InputError; it waits then.

        A repeat of an import that was cut short changes nothing that is there already.
        """
        name, content, region_code = await open_attachment(self.ledger, attachment_id)
        _within(region_code, who)
        handed = Handed(self.aliases, self.final_audit, region_code, who.name)
        done = await import_content(self.ledger, (name, content), self.clock, handed)
        await self._decide(attachment_id, "taken", who)
        return done

    async def refuse_draft(self, attachment_id: int, who: Decider) -> None:
        """The payment list on a page is not imported and waits no longer. Raises InputError."""
        _within((await open_attachment(self.ledger, attachment_id))[2], who)
        await self._decide(attachment_id, "refused", who)

    async def _decide(self, attachment_id: int, decision: str, who: Decider) -> None:
        now = self.clock.now()
        async with self.ledger.writing() as c:
            await decide_draft(c, attachment_id, decision, (who.name, now))
            detail = {"attachment": attachment_id, "decision": decision}
            await audit.append(c, who.name, "source.decide_draft", detail, at=now)


def _within(region_code: str | None, who: Decider) -> None:
    """What belongs to no region is everybody's; what belongs to another does not exist for them."""
    first, last = span(who.region_code)
    if region_code is not None and not first <= region_code <= last:
        raise InputError("没有这一项，或不在您的区域内")
