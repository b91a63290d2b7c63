"""Finding the person a line means: slips of the pen, ids of others, households that are gone, old village names."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from notifier.domain.errors import InputError
from notifier.domain.likeness import Evidence, Likeness, likeness, variants, weigh
from notifier.domain.lookalikes import LOOKS_LIKE, SOUNDS_LIKE
from notifier.domain.regions import Region
from notifier.registry.aliases import import_aliases
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.registry_regions import keep_regions
from notifier.store.sealing import Vault, load_keys
from notifier.store.unmatched import list_unmatched, resolve
from tests.match.test_step import matches, pay, rows, run
from tests.registered import OTHER_VILLAGE, VILLAGE, Home, a_line, an_id, register


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    yield opened
    await opened.close()


async def whys(ledger: Ledger) -> list[Any]:
    return [one for (one,) in await rows(ledger, "SELECT match_why FROM payment ORDER BY id")]


@pytest.mark.parametrize(
    ("written", "registered", "alike"),
    [
        ("马军", "马军", Likeness.SAME),
        ("马样例", "马·样例", Likeness.DOTS),
        ("张末", "张未", Likeness.SHAPE),
        ("马小军", "马晓君", Likeness.SOUND),
        ("张军建", "张建军", Likeness.ORDER),
        ("王样例", "王样本", Likeness.ONE_CHARACTER),
        ("王样", "王样例", Likeness.ONE_CHARACTER),
        ("王样", "王例", Likeness.OTHER),
        ("王样例", "李甲乙", Likeness.OTHER),
        ("王", "", Likeness.OTHER),
    ],
)
def test_how_two_names_are_alike(written: str, registered: str, alike: Likeness) -> None:
    assert likeness(written, registered) is alike is likeness(registered, written)


@given(st.text("马王李小晓军君末未·样例", min_size=1, max_size=5))
def test_every_variant_of_a_name_is_like_it(name: str) -> None:
    for variant in variants(name):
        assert likeness(variant, name) in (Likeness.SAME, Likeness.DOTS, Likeness.SHAPE, Likeness.SOUND)


def test_likeness_of_characters_goes_both_ways() -> None:
    for table in (LOOKS_LIKE, SOUNDS_LIKE):
        assert all(one in table[other] and one not in table[one] for one in table for other in table[one])


def test_more_evidence_is_never_less_sure() -> None:
    sure = [
        weigh(Evidence(Likeness.OTHER)),
        weigh(Evidence(Likeness.SOUND)),
        weigh(Evidence(Likeness.SOUND, same_village=True)),
        weigh(Evidence(Likeness.SAME, same_village=True)),
        weigh(Evidence(Likeness.SAME, same_village=True, same_account=True)),
        weigh(Evidence(Likeness.SAME, same_village=True, same_account=True, same_id=True)),
    ]
    assert [confidence for confidence, _ in sure] == sorted(confidence for confidence, _ in sure)
    assert sure[-1][0] == 99
    assert sure[1][1] == ("姓名中有同音字", "登记在别的村，可能已搬迁或村名有变")


async def test_an_id_of_quite_another_name_waits_for_a_person(ledger: Ledger, tmp_path: Path) -> None:
    (one, two, _) = await register(
        ledger, [Home("样例甲", an_id(1)), Home("样例乙", an_id(2)), Home("别人丙", an_id(3))]
    )
    await pay(ledger, tmp_path, a_line("样列甲", an_id(1)), a_line("样例以", an_id(2)), a_line("样例丁", an_id(3)))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 90), ("matched", two, 95), ("ambiguous", None, 0)]
    assert await whys(ledger) == [
        "身份证号一致，姓名相差一字", "身份证号一致，姓名中有同音字", "身份证号与姓名指向不同的人，请核对",
    ]  # fmt: skip
    (waiting,) = await list_unmatched(ledger)
    assert waiting.candidates[0].reasons[:2] == ("姓名不同", "身份证号一致")


async def test_the_id_of_the_householder_on_a_members_line_tells_the_member(ledger: Ledger, tmp_path: Path) -> None:
    (home, other) = await register(ledger, [Home("样例甲", an_id(1)), Home("样例乙", an_id(2))])
    async with ledger.writing() as c:
        await c.execute(text("UPDATE person SET household_id = :home WHERE id = :id"), {"home": home, "id": other})
    await pay(ledger, tmp_path, a_line("样例乙", an_id(1)))
    await run(ledger)
    assert await rows(ledger, "SELECT match_state, household_id, person_id, confidence FROM payment") == [
        ("matched", home, other, 90)
    ]


async def test_the_old_form_of_an_id_is_the_same_id(ledger: Ledger, tmp_path: Path) -> None:
    (one,) = await register(ledger, [Home("样例甲", an_id(7))])
    await pay(ledger, tmp_path, a_line("样例甲", an_id(7)[:6] + an_id(7)[8:17]))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 100)]


async def test_a_household_that_is_gone_is_never_paid_in_silence(ledger: Ledger, tmp_path: Path) -> None:
    await register(ledger, [Home("样例甲", an_id(1), state="moved"), Home("样例乙", tail="1234", state="moved")])
    await pay(ledger, tmp_path, a_line("样例甲", an_id(1)), a_line("样例乙", card="****1234", village=None))
    await run(ledger)
    assert [state for state, _, _ in await matches(ledger)] == ["ambiguous", "ambiguous"]
    assert "已不在册" in (await whys(ledger))[0]
    assert "该户已不在册" in (await list_unmatched(ledger))[0].candidates[0].reasons


async def test_slips_and_people_who_moved_are_candidates_with_reasons(ledger: Ledger, tmp_path: Path) -> None:
    homes = [Home("马晓军"), Home("马小军", village=OTHER_VILLAGE), Home("马晓军", village=OTHER_VILLAGE)]
    slip, moved, _ = await register(ledger, homes)
    await pay(ledger, tmp_path, a_line("马小军", village="白阳样例一村"))
    await run(ledger)
    (waiting,) = await list_unmatched(ledger)
    assert [(one.person_id, one.confidence) for one in waiting.candidates] == [(slip, 48), (moved, 43)]
    assert waiting.candidates[0].reasons == ("姓名中有同音字", "同一行政村", "户主")
    assert "马晓军" not in repr(waiting)


async def test_a_decision_is_used_again_for_the_same_line_only_while_the_person_is_the_same(
    ledger: Ledger, tmp_path: Path
) -> None:
    (one, two) = await register(ledger, [Home("样例甲", an_id(1)), Home("样例甲", an_id(2))])
    said = a_line("样例甲", an_id(9))
    await pay(ledger, tmp_path, said, title="备案号:彭农补备〔2026〕1号  审核状态:县级审核通过  期次:2024年")
    await run(ledger)
    (waiting,) = await list_unmatched(ledger)
    await resolve(ledger, waiting.payment_id, two, "clerk")
    await pay(ledger, tmp_path, said, a_line("样例甲", an_id(8)), a_line("样例乙", an_id(9)),
              title="备案号:彭农补备〔2026〕2号  审核状态:县级审核通过  期次:2025年")  # fmt: skip
    await run(ledger)
    assert (await matches(ledger))[1:] == [("matched", two, 85), ("unknown", None, 0), ("unknown", None, 0)]
    assert (await whys(ledger))[1] == "沿用clerk对同一姓名、证号（账号）的核对"
    async with ledger.writing() as c:
        await c.execute(text("UPDATE person SET name_hash = :other WHERE id = :id"), {"other": b"other", "id": two})
    await pay(ledger, tmp_path, said, title="备案号:彭农补备〔2026〕3号  审核状态:县级审核通过  期次:2026年")
    await run(ledger)
    assert (await matches(ledger))[-1] == ("unknown", None, 0)
    assert one


async def test_a_renamed_village_is_found_by_its_old_name(ledger: Ledger, tmp_path: Path) -> None:
    (one, two) = await register(ledger, [Home("样例甲"), Home("样例乙", village=OTHER_VILLAGE)])
    aliases = tmp_path / "aliases.csv"
    aliases.write_text(f"旧名,代码\n老样例村,{VILLAGE}\n", encoding="utf-8-sig")
    assert [await import_aliases(ledger, aliases), await import_aliases(ledger, aliases)] == [1, 0]
    # A village that is renamed in 行政区划 keeps its old name by itself.
    await keep_regions(ledger, [Region(OTHER_VILLAGE, "新样例村", "village", None)])
    await pay(ledger, tmp_path, a_line("样例甲", village="白阳镇老样例村"), a_line("样例乙", village="白阳样例二村"))
    await run(ledger)
    assert await matches(ledger) == [("matched", one, 70), ("matched", two, 70)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("村,码\n", "首行"),
        (f"旧名,代码\n,{VILLAGE}\n", "第 2 行"),
        ("旧名,代码\n老村,640425999999\n", "第 2 行"),
    ],
)
async def test_a_wrong_file_of_names_is_refused_by_its_line(
    sqlite_ledger_url: str, tmp_path: Path, content: str, said: str
) -> None:
    opened = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await register(opened, [Home("样例甲")])
    file = tmp_path / "aliases.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        await import_aliases(opened, file)
    await opened.close()
