"""A policy on its way from a source to a decided suggestion: read, filed, decided by a person, taught to nothing."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from notifier.campaigns.suggestions import SuggestionDesk
from notifier.domain.benefits import Policy
from notifier.domain.errors import InputError
from notifier.domain.rule_forms import from_form, from_json
from notifier.match.open_list import import_list
from notifier.match.step import step
from notifier.registry.regions import import_regions
from notifier.sources.headers import load_aliases
from notifier.store import audit, campaigns, disclosure, understood
from notifier.store.benefits import Origin, add_policy
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from tests.match.notices import notices
from tests.match.test_step import Slices
from tests.registered import COUNTY, NOW, FrozenClock

SHEEP = next(one for one in notices("tuned") if one.slug == "sheep-30").published
ALIASES = load_aliases(Path("config/headers.toml"), "disclosure")
OTHER = from_form({"has": ["n_cattle", ">", "0"]})


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await import_regions(opened, Path("config/regions.csv"))
    await import_list(opened, Path("config/disclosure.csv"), ALIASES, "张样例", NOW)
    await published(opened)
    await step(opened, Slices(), FrozenClock())
    yield opened
    await opened.close()


async def published(ledger: Ledger) -> None:
    policy = Policy(
        title=SHEEP.title,
        body=SHEEP.body,
        issuer=SHEEP.issuer,
        document_number=None,
        published_on=date(2026, 4, 2),
        url="http://127.0.0.1/a.html",
    )
    async with ledger.writing() as c:
        await add_policy(ledger, c, policy, Origin("site", COUNTY, 1, NOW))


async def test_what_was_read_and_where_it_is_filed_is_kept_with_the_policy(ledger: Ledger) -> None:
    said = await understood.understanding_of(ledger, 1)
    assert said is not None
    assert [one["said"] for one in said["amounts"]] == ["50元/只", "5000元/户"]
    assert said["missing"] == ["电话"]
    assert from_form(said["rule"]) == from_json((await only(ledger)).rule or "")
    filed = await disclosure.filing_of(ledger, 1)
    assert filed is not None
    assert (filed[1].level, filed[1].field, filed[1].sub_item, filed[2]) == ("县", "涉农补贴", "养殖补贴", False)


async def only(ledger: Ledger) -> campaigns.CampaignRow:
    (found,) = await campaigns.list_campaigns(ledger)
    return found


async def test_a_person_files_it_elsewhere_and_a_new_reading_leaves_it_there(ledger: Ledger) -> None:
    desk = SuggestionDesk(ledger, FrozenClock())
    other = next(one for one in await disclosure.entries(ledger) if one.entry.sub_item == "种植补贴")
    await desk.file_under(1, other.entry_id, "张样例")
    async with ledger.writing() as c:
        await disclosure.suggest(c, 1, other.entry_id + 1, NOW)
    filed = await disclosure.filing_of(ledger, 1)
    assert filed is not None
    assert (filed[0], filed[2]) == (other.entry_id, True)
    with pytest.raises(InputError, match="清单"):
        await desk.file_under(1, 999_999, "张样例")


async def test_the_list_of_a_new_file_retires_what_it_lacks(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("层级,领域,一级事项,二级事项,关键词\n县级,涉农补贴,农业生产发展资金,养殖补贴,滩羊\n", "utf-8")
    assert await import_list(ledger, file, ALIASES, "张样例", NOW) == 1
    (entry,) = await disclosure.entries(ledger)
    assert (entry.entry.level, entry.entry.keywords, entry.n_policies) == ("县", ("滩羊",), 1)


@pytest.mark.parametrize(
    ("line", "said"),
    [("村级,涉农补贴,资金,补贴,", "层级“村级”"), ("县级,,资金,补贴,", "缺少领域")],
)
async def test_a_wrong_line_of_the_list_is_named_and_changes_nothing(
    sqlite_ledger_url: str, tmp_path: Path, line: str, said: str
) -> None:
    opened = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    file = tmp_path / "list.csv"
    file.write_text(f"层级,领域,一级事项,二级事项,关键词\n县,涉农补贴,资金,甲,\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=said):
        await import_list(opened, file, ALIASES, "张样例", NOW)
    assert await disclosure.entries(opened) == []
    await opened.close()


async def test_an_edited_suggestion_has_its_editor_as_author_and_both_rules_on_record(ledger: Ledger) -> None:
    before = (await only(ledger)).rule
    await SuggestionDesk(ledger, FrozenClock()).edit(1, "张样例", OTHER, "只通知养牛户")
    after = await only(ledger)
    assert (from_json(after.rule or ""), after.rule_text, after.created_by) == (OTHER, "牛头数多于0", "张样例")
    (kept,) = await understood.decisions(ledger)
    assert (kept.verdict, kept.rule_before, kept.rule_after, kept.by_user) == ("edited", before, after.rule, "张样例")


async def test_a_refused_suggestion_ends_its_campaign_and_needs_a_reason(ledger: Ledger) -> None:
    desk = SuggestionDesk(ledger, FrozenClock())
    with pytest.raises(InputError, match="为什么"):
        await desk.refuse(1, "张样例", "  ")
    await desk.refuse(1, "张样例", "与农户无关")
    assert (await only(ledger)).state.value == "cancelled"
    with pytest.raises(InputError, match="已经审核、发送或取消"):
        await desk.accept(1, "张样例")
    assert [one.what for one in await audit.latest(ledger, 1)] == ["policy.decide"]


async def test_what_was_decided_teaches_nothing(ledger: Ledger) -> None:
    desk = SuggestionDesk(ledger, FrozenClock())
    await desk.edit(1, "张样例", OTHER)
    await step(ledger, Slices(), FrozenClock())
    said = await understood.understanding_of(ledger, 1)
    assert said is not None
    assert from_form(said["rule"]) != OTHER
    assert from_json((await only(ledger)).rule or "") == OTHER
