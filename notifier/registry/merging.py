"""What a file says of a household, laid over what the ledger knows of it; pure, and the same for a repeat in one file.

Nothing known is overwritten by a contradiction: an id under another name or in another household is rejected.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from notifier.domain.regions import span
from notifier.registry.drafts import Draft, Remark
from notifier.registry.entries import Contactable, Entry
from notifier.store.registry import Known, KnownContact, KnownHousehold, KnownPerson, stored
from notifier.store.sealing import Vault

_UNSETTLED = bytes(16)
_COUNTED_OVER_PERSONS = frozenset(("n_disabled", "n_elderly"))


@dataclass(slots=True)
class Merging:
    """Lays drafts over `known`. `seen` holds the id hashes that earlier rows of this run brought.

    Households outside `region_code` are rejected; None is no limit.
    """

    vault: Vault
    seen: set[bytes]
    region_code: str | None = None
    known: Known = field(init=False)
    rows: Counter[str] = field(default_factory=Counter)
    """Rows by what became of them: added, changed, unchanged, merged."""
    homes: Counter[str] = field(default_factory=Counter)
    """Households by the same words; one that comes twice in a file counts as merged the second time."""
    remarks: list[Remark] = field(default_factory=list)

    def key_of(self, draft: Draft) -> bytes:
        """The hash that a draft's household is found by."""
        return self.vault.blind("household", draft.key)

    def id_of(self, entry: Entry) -> bytes:
        """The hash that a person is found by."""
        if entry.id_hash is None:
            entry.id_hash = self.vault.blind("id", entry.id.value)
        return entry.id_hash

    def lay_all(self, drafts: Sequence[Draft]) -> None:
        """`lay` for each, in their order."""
        for draft in drafts:
            self.lay(draft)

    def lay(self, draft: Draft) -> None:
        """The draft is in `known`, or a remark says for each row why not."""
        home = self._home_of(draft)
        if self._is_elsewhere(draft, home):
            return
        digest = self._digest(draft)
        if home and home.content_digest == digest:
            self._count_repeat(draft)
            return
        accepted = [entry for entry in draft.entries if self._is_acceptable(entry, home)]
        if not accepted:
            return
        is_new = home is None
        home = home or self._new_home(draft, accepted)
        if home is None:
            return
        # whose phone a number is shows beside the householder's
        accepted.sort(key=lambda entry: entry is not draft.householder)
        fates = {id(entry): self._lay_person(entry, home) for entry in accepted}
        if draft.householder is None:
            self._lay_household_phone(accepted[0], home, fates)
        is_whole = self.key_of(draft) not in self.known.merged  # a merged household brings its people, and no more
        if is_whole and self._lay_household(draft, accepted, home) and fates[id(accepted[0])] != "added":
            fates[id(accepted[0])] = "changed"
        self.rows.update(fates.values())
        self.homes[_fate_of_home(is_new, set(fates.values()))] += 1
        if is_whole and len(accepted) == len(draft.entries) and {"added", "changed"} & set(fates.values()):
            home.content_digest, home.is_changed = digest, True

    def _home_of(self, draft: Draft) -> KnownHousehold | None:
        home = self.known.households.get(self.key_of(draft))
        if home or draft.householder is None:
            return home
        person = self.known.persons.get(self.id_of(draft.householder))
        if person is None or person.household.householder is not person:
            return None
        by_id = self.vault.blind("household", f"id:{draft.householder.id.value}")
        # two different 户编号 are two households, whatever else they share
        return person.household if draft.is_keyed_by_id or person.household.key_hash == by_id else None

    def _is_elsewhere(self, draft: Draft, home: KnownHousehold | None) -> bool:
        """True when the draft is not for this import; its rows go back with the reason."""
        if home and home.has_left:
            for entry in draft.entries:
                self._reject(entry, "该户已登记迁出;请先在该户页面恢复登记,再导入")
            return True
        if self.region_code is None:
            return False
        first, last = span(self.region_code)
        places = [home.region_code if home else None, draft.region_code]
        if all(place is None or first <= place <= last for place in places):
            return False
        for entry in draft.entries:
            self._reject(entry, "该户不在您管辖的地区;请交由所在乡镇或县级管理员导入")
        return True

    def _digest(self, draft: Draft) -> bytes:
        people = [
            (one.id.value, one.name, one.relation, one.card, one.own.mobile, one.own.landline, one.shared.mobile)
            for one in draft.entries
        ]
        values = draft.attributes | draft.counted(draft.entries)
        attributes = {column: str(value.normalize()) for column, value in sorted(values.items())}
        content = json.dumps([people, attributes, draft.region_code, draft.group], ensure_ascii=False)
        return self.vault.blind("content", content)

    def _count_repeat(self, draft: Draft) -> None:
        hashes = [self.id_of(entry) for entry in draft.entries]
        fates = ["merged" if one in self.seen else "unchanged" for one in hashes]
        self.seen.update(hashes)
        self.rows.update(fates)
        self.homes["merged" if "unchanged" not in fates else "unchanged"] += 1

    def _is_acceptable(self, entry: Entry, home: KnownHousehold | None) -> bool:
        person = self.known.persons.get(self.id_of(entry))
        if person is None:
            return True
        if person.name_hash != self.vault.blind("name", entry.name):
            self._reject(entry, "该身份证号已登记在另一姓名下;请核对姓名和身份证号")
        elif person.household is not home:
            self._reject(entry, "该身份证号已登记在另一户;请核对户编号,或先在原户中迁出")
        else:
            return True
        return False

    def _reject(self, entry: Entry, reason: str) -> None:
        self.remarks.append(Remark(entry.line, reason, True))

    def _new_home(self, draft: Draft, accepted: list[Entry]) -> KnownHousehold | None:
        reason = None
        if draft.is_keyed_by_id and draft.householder not in accepted:
            reason = "本户户主一行被退回且没有户编号,无法归户;请先更正户主一行"
        elif draft.region_code is None:
            reason = "看不出属于哪个行政村;请补填行政村一列,或用村名作工作表名"
        if reason:
            for entry in accepted:
                self._reject(entry, reason)
            return None
        assert draft.region_code is not None
        home = KnownHousehold(self.key_of(draft), draft.region_code, draft.group, _UNSETTLED)
        self.known.households[home.key_hash] = home
        return home

    def _lay_person(self, entry: Entry, home: KnownHousehold) -> str:
        hashed = self.id_of(entry)
        person = self.known.persons.get(hashed)
        fate = "merged" if hashed in self.seen else "unchanged"
        self.seen.add(hashed)
        if person is None:
            person = self._new_person(entry, home, hashed)
            fate = "added"
        elif self._change_person(entry, person):
            fate = "changed"
        if self._lay_phone(person, self._phones_of(entry, home)) and fate != "added":
            fate = "changed"
        return fate

    def _new_person(self, entry: Entry, home: KnownHousehold, hashed: bytes) -> KnownPerson:
        person = KnownPerson(
            home,
            hashed,
            self.vault.blind("name", entry.name),
            entry.relation,
            account_hash=self._account(entry),
            name=entry.name,
            number=entry.id.value,
            is_legacy=entry.id.is_legacy,
            card=entry.card,
        )
        self.known.persons[hashed] = person
        home.persons.append(person)
        # without its householder's row a household goes by its first good one
        home.householder = home.householder or person
        return person

    def _account(self, entry: Entry) -> bytes | None:
        return self.vault.blind("account", f"{entry.card[-4:]}|{entry.name}") if entry.card else None

    def _change_person(self, entry: Entry, person: KnownPerson) -> bool:
        changed = False
        if entry.relation and entry.relation != person.relation:
            person.relation, changed = entry.relation, True
        if entry.card and entry.card != self._card_of(person):
            person.card, person.account_hash, changed = entry.card, self._account(entry), True
        person.is_changed |= changed
        return changed

    def _card_of(self, person: KnownPerson) -> str | None:
        if person.card is not None or person.card_sealed is None:
            return person.card
        return self.vault.open_text("person.card_sealed", person.id, person.card_sealed)

    def _phones_of(self, entry: Entry, home: KnownHousehold) -> tuple[Contactable, ...]:
        if entry.is_householder:
            return entry.own, entry.shared
        householder = home.householder
        if entry.own.mobile and householder and householder.id_hash != self.id_of(entry):
            # a clerk repeats the household's number on every row: it is the householder's
            hashed = self.vault.blind("phone", entry.own.mobile)
            if any(one.value_hash == hashed for one in householder.contacts):
                return ()
        return (entry.own,)

    def _lay_household_phone(self, entry: Entry, home: KnownHousehold, fates: dict[int, str]) -> None:
        householder = home.householder
        if householder and self._lay_phone(householder, (entry.shared,)) and fates[id(entry)] != "added":
            fates[id(entry)] = "changed"

    def _lay_phone(self, person: KnownPerson, said: tuple[Contactable, ...]) -> bool:
        number = next((one.mobile for one in said if one.mobile), None)
        state = "usable"
        if number is None:
            number, state = next((one.landline for one in said if one.landline), None), "landline"
        if number is None:
            return False
        hashed = self.vault.blind("phone", number)
        if any(one.value_hash == hashed for one in person.contacts):
            # known, and if it is replaced or wrong then somebody corrected it: an older file does not undo that
            return False
        current = [one for one in person.contacts if one.state in ("usable", "landline")]
        if state == "landline" and any(one.state == "usable" for one in current):
            return False
        for one in current:
            one.state, one.is_changed = "replaced", True
        version = 1 + max((one.version for one in person.contacts), default=0)
        person.contacts.append(KnownContact(hashed, state, version, value=number))
        return True

    def _lay_household(self, draft: Draft, accepted: list[Entry], home: KnownHousehold) -> bool:
        values = stored(draft.attributes | draft.counted(accepted))
        told = {self.id_of(entry) for entry in accepted}
        if any(person.id_hash not in told for person in home.persons):
            # a file that lists a part of the people cannot lower what is counted over all of them
            for column in _COUNTED_OVER_PERSONS & values.keys():
                values[column] = max(values[column], home.attributes.get(column, 0))
        changed = any(home.attributes.get(column, 0) != value for column, value in values.items())
        home.attributes |= values
        for name, value in (("region_code", draft.region_code), ("group_name", draft.group)):
            if value is not None and getattr(home, name) != value:
                setattr(home, name, value)
                changed = True
        householder = (
            self.known.persons.get(self.id_of(draft.householder))
            if draft.householder and draft.householder in accepted
            else None
        )
        if householder and home.householder is not householder:
            home.householder, changed = householder, True
        home.is_changed |= changed
        return changed


def _fate_of_home(is_new: bool, fates: set[str]) -> str:
    if is_new:
        return "added"
    if fates & {"added", "changed"}:
        return "changed"
    return "unchanged" if "unchanged" in fates else "merged"
