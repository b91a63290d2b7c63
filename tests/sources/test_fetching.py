"""Fetching says failures in words, follows redirects hop by hop, and has no way into the inner network."""

import contextlib
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import SourceError
from notifier.sources.addresses import normal_url
from notifier.sources.fetching import Asked, Fetcher, Manners
from notifier.wire import Lost, NotSent, Reply, Visit, Wire
from tests.sources.test_pages import ScriptedWire, html


def fetcher(answers: Mapping[str, Reply | Exception]) -> tuple[Fetcher, ScriptedWire]:
    wire = ScriptedWire(answers)
    return Fetcher(wire, Manners(timedelta(seconds=1))), wire


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://10.1.2.3/", "http://192.168.0.1:8080/", "http://[::1]/",
        "http://169.254.169.254/latest", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://100.64.0.1/",
    ],
)  # fmt: skip
async def test_private_addresses_are_refused(url: str, wire: Wire) -> None:
    with pytest.raises(SourceError, match="内网或本机") as error:
        await Fetcher(wire, Manners(timedelta(seconds=1))).page(Asked(url))
    assert not error.value.temporary


class FirstHop:
    """Its first answer is a redirect; what follows goes over the real wire."""

    def __init__(self, wire: Wire, location: str) -> None:
        self.wire, self.location = wire, location
        self.n_asked = 0

    async def fetch(self, visit: Visit) -> Reply:
        self.n_asked += 1
        if self.n_asked == 1:
            return Reply(302, {"location": self.location}, b"")
        return await self.wire.fetch(visit)


async def test_a_redirect_into_the_inner_network_is_refused(wire: Wire) -> None:
    hop = FirstHop(wire, "http://127.0.0.1/secret")
    with pytest.raises(SourceError, match="内网或本机"):
        await Fetcher(hop, Manners(timedelta(seconds=1))).page(Asked("http://93.184.215.14"))
    assert hop.n_asked == 2


async def test_a_redirect_to_another_site_is_refused_unless_allowed() -> None:
    start, there = "http://93.184.215.14/", "http://www.other.cn/x"
    answers = {start: Reply(302, {"location": there}, b""), there: html("到了")}
    for hosts in ({"93.184.215.14"}, {"93.184.215.14", "other.cn"}):
        fetching = Fetcher(ScriptedWire(answers), Manners(timedelta(seconds=1), hosts=frozenset(hosts)))
        if "other.cn" in hosts:
            assert (await fetching.page(Asked(start))).url == there
        else:
            with pytest.raises(SourceError, match="allow_hosts"):
                await fetching.page(Asked(start))


async def test_endless_redirects_end() -> None:
    fetching, wire = fetcher({"http://93.184.215.14/": Reply(301, {"location": "/"}, b"")})
    with pytest.raises(SourceError, match="跳转"):
        await fetching.page(Asked("http://93.184.215.14/"))
    assert len(wire.asked) == 6


@pytest.mark.parametrize(
    ("answer", "temporary", "said"),
    [
        (Reply(503, {"retry-after": "9"}, b""), True, "503"), (Reply(429, {}, b""), True, "429"),
        (Reply(412, {}, b""), False, "浏览器"), (Reply(404, {}, b""), False, "不存在"),
        (NotSent("tls_expired"), False, "过期.*certificate"), (NotSent("tls_self_signed"), False, "自签名"),
        (Lost("timeout"), True, "timeout"), (NotSent("dns"), True, "dns"), (Lost("oversize"), False, "过大"),
        (Reply(302, {"location": "file:///etc/passwd"}, b""), False, "http"),
    ],
)  # fmt: skip
async def test_failures_are_said_in_words(answer: Reply | Exception, temporary: bool, said: str) -> None:
    fetching, _ = fetcher({"http://93.184.215.14/": answer})
    with pytest.raises(SourceError, match=said) as error:
        await fetching.page(Asked("http://93.184.215.14/"))
    assert error.value.temporary is temporary
    if said == "503":
        assert error.value.retry_after == timedelta(seconds=9)


def test_one_page_has_one_address() -> None:
    assert normal_url("HTTP://Www.Example.CN:80/公告/a.html#top") == normal_url(
        "http://www.example.cn/%E5%85%AC%E5%91%8A/a.html"
    )


@given(st.text())
def test_no_address_raises_anything_but_a_source_error(url: str) -> None:
    with contextlib.suppress(SourceError):
        assert normal_url(normal_url(url)) == normal_url(url)
