"""Every shipped preset reads titles, links, dates, 文号 and texts of its pattern exactly, with a county's few keys."""

from typing import Any

import pytest

from notifier.domain.benefits import Finding, Policy
from notifier.domain.errors import NeedsPerson
from notifier.sources.lists import ListSource
from notifier.sources.looking import Means
from notifier.sources.presets import preset_names, with_preset
from notifier.sources.registry import KINDS, build
from notifier.store.foreign import ForeignDatabases
from notifier.wire import Wire
from tests.registered import FrozenClock
from tests.sources import patterns, patterns_of_systems
from tests.sources.pattern_site import HOST, TEXTS, Rerouted, page, refused, served
from tests.sources.test_pages import ALIASES


def a_source(wire: Any, written: dict[str, Any], clock: FrozenClock | None = None) -> ListSource:
    keys = with_preset({"name": "s", "title": "样例", "allow_private": True, "pause": 0, **written})
    means = Means(wire, clock or FrozenClock(), ALIASES, ForeignDatabases())
    built = build(KINDS[keys["kind"]].definition.model_validate(keys), means)
    assert isinstance(built, ListSource)
    return built


async def findings(source: ListSource) -> list[Finding]:
    return [finding async for finding in source.look({})]


def policies(found: list[Finding]) -> list[Policy]:
    return [one.benefit for one in found if isinstance(one.benefit, Policy)]


@pytest.mark.parametrize("name", preset_names())
async def test_a_preset_reads_its_pattern_exactly(name: str, wire: Wire) -> None:
    module = patterns if hasattr(patterns, name) else patterns_of_systems
    pattern: patterns.Pattern = getattr(module, name)()
    async with served(pattern.pages) as (_, server):
        source = a_source(Rerouted(wire, server), {"preset": name, **pattern.keys})
        found = policies(await findings(source))
    assert [one.title for one in found] == [one.title for one in pattern.texts]
    assert [one.url for one in found] == [pattern.url_of(one) for one in pattern.texts]
    assert [one.published_on for one in found] == [one.on for one in pattern.texts]
    assert [one.body for one in found] == [one.body for one in pattern.texts]
    assert [one.document_number for one in found] == [one.number for one in pattern.texts]
    assert len(source.left_out) == len(pattern.left_out)
    for left, why in zip(source.left_out, pattern.left_out, strict=True):
        assert why in left.why


async def test_a_preset_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(LookupError, match="trs_nowhere"):
        with_preset({"preset": "trs_nowhere"})
    assert with_preset({"preset": "jpaas", "item": "tr"})["item"] == "tr"


CHALLENGES = {
    "412": refused(412),
    "521": refused(521),
    "a script before the page": page("<html><script>document.cookie='a=1';location.reload()</script></html>"),
    "a firewall": page("<html><title>拦截</title><body><h1>您的访问被拦截</h1>网站防火墙 编号 1</body></html>"),
}


@pytest.mark.parametrize("what", CHALLENGES)
@pytest.mark.parametrize("preset", ["trs_guyuan", "gkmlpt", "script_objects"])
async def test_a_site_that_answers_browsers_only_is_a_persons_task(what: str, preset: str, wire: Wire) -> None:
    async with served({"/list": CHALLENGES[what]}) as (_, server):
        with pytest.raises(NeedsPerson, match="人工"):
            await findings(a_source(Rerouted(wire, server), {"preset": preset, "url": f"http://{HOST}/list"}))


async def test_a_challenge_in_place_of_one_page_is_left_to_a_person_and_the_others_are_read(wire: Wire) -> None:
    pattern = patterns.ucap_html()
    pages = dict(pattern.pages) | {"/uh/3.shtml": CHALLENGES["a script before the page"]}
    async with served(pages) as (_, server):
        source = a_source(Rerouted(wire, server), {"preset": "ucap_html", **pattern.keys})
        assert len(await findings(source)) == 4
    (left,) = source.left_out
    assert left.for_person
    assert left.what == TEXTS[2].title
