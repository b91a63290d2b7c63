"""The exam that every kind of source passes, against a real place on this machine."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from notifier.domain import settings
from notifier.domain.benefits import Disbursement, Finding
from notifier.domain.errors import SourceError
from notifier.sources.headers import load_aliases
from notifier.sources.looking import Means, Watched
from notifier.sources.payment_definitions import RecordDefinition
from notifier.sources.registry import KINDS, build
from notifier.store.foreign import ForeignDatabases
from notifier.wire import Wire
from tests.contracts.payment_places import SECRETS
from tests.contracts.places_to_watch import PLACES, Place
from tests.registered import FrozenClock


@pytest.fixture(params=list(KINDS))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with PLACES[request.param](tmp_path) as place:
        yield place


@pytest.fixture
async def source(place: Place) -> AsyncIterator[Watched]:
    async with Wire(settings.Wire()) as wire:
        aliases = load_aliases(Path("config/headers.toml"), "payments")
        yield build(place.definition, Means(wire, FrozenClock(), aliases, ForeignDatabases(), SECRETS))


async def look(source: Watched, memory: Mapping[str, str] | None = None) -> list[Finding]:
    return [finding async for finding in source.look(memory or {})]


def memory_of(findings: list[Finding]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for finding in findings:
        kept |= finding.memory
    return kept


def test_every_kind_has_a_place_to_be_examined_in() -> None:
    assert set(PLACES) == set(KINDS)


async def test_a_look_shows_everything_oldest_first(place: Place, source: Watched) -> None:
    for n in (1, 2, 3):
        place.show(n)
    found = await look(source)
    assert len(found) == 3
    assert len({finding.identities for finding in found}) == 3
    titles = [finding.benefit.title + str(getattr(finding.benefit, "filing_number", "")) for finding in found]
    assert titles == sorted(titles)
    assert all(finding.source == source.name and finding.raw and finding.identities for finding in found)
    assert all(finding.found_at.utcoffset() is not None for finding in found)
    assert not source.left_out


async def test_the_same_things_have_the_same_identities_at_every_look(place: Place, source: Watched) -> None:
    place.show(1)
    place.show(2)
    first, again = await look(source), await look(source)
    assert [finding.identities for finding in first] == [finding.identities for finding in again]


async def test_with_its_memory_a_look_shows_only_what_is_new(place: Place, source: Watched) -> None:
    place.show(1)
    first = await look(source)
    assert await look(source, memory_of(first)) == []
    place.show(2)
    second = await look(source, memory_of(first))
    assert first[0].identities != second[-1].identities
    assert await look(source, memory_of(second)) == []


async def test_one_bad_element_is_left_out_with_its_reason_and_loses_nobody(place: Place, source: Watched) -> None:
    place.show(1)
    place.show_bad()
    place.show(2)
    found = await look(source)
    if isinstance(source.definition, RecordDefinition):
        # A cursor never comes back to it: it is a rejected row with its reason, kept like a workbook's.
        batches = [finding.benefit for finding in found if isinstance(finding.benefit, Disbursement)]
        assert [len(batch.lines) for batch in batches] == [1, 0, 1]
        assert [len(batch.rejected) for batch in batches] == [0, 1, 0]
        return
    assert len(found) == 2
    (left,) = source.left_out
    assert left.what
    assert left.why
    assert not left.again


async def test_what_was_left_out_is_looked_at_again(place: Place, source: Watched) -> None:
    place.show(1)
    place.show_bad()
    await look(source, memory_of(await look(source)))
    assert len(source.left_out) == (0 if isinstance(source.definition, RecordDefinition) else 1)


async def test_a_failing_place_is_a_temporary_source_error_and_then_works_again(place: Place, source: Watched) -> None:
    place.show(1)
    place.fail()
    with pytest.raises(SourceError) as error:
        await look(source)
    assert error.value.temporary
    assert str(error.value)
    place.mend()
    assert len(await look(source)) == 1
