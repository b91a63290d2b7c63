"""PDUs byte for byte, and a stream cut anywhere."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.cmpp.frames import (
    HEADER,
    LONGEST,
    Report,
    Splitter,
    head,
    pack,
    read_deliver,
    read_report,
    unpack,
    unpack_either,
    write_report,
)
from notifier.channels.cmpp.octets import V20, V30, Content, Dialect, Malformed, Number, Octets, Raw, Terminals
from notifier.channels.cmpp.pdus import (
    ActiveTest,
    Cancel,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Pdu,
    Query,
    Submit,
    SubmitResp,
)
from notifier.channels.cmpp.signing import is_from_ismg, sign_source
from tests.channels.samples import sample

GOLDEN: dict[str, Any] = sample("cmpp", "pdus")
PDUS = sorted(name for name, value in GOLDEN.items() if isinstance(value, str) and value.startswith("0000"))
MSG_ID = int(GOLDEN["msg_id"]["hex"], 16)


def _dialect(name: str) -> Dialect:
    return V30 if "3_0" in name else V20


@pytest.mark.parametrize("name", PDUS)
def test_a_golden_pdu_is_read_and_built_again_byte_for_byte(name: str) -> None:
    whole = bytes.fromhex(GOLDEN[name])
    frame = unpack(whole, _dialect(name))
    assert pack(frame.pdu, frame.sequence, _dialect(name)) == whole


@pytest.mark.parametrize("version", ["2_0", "3_0"])
def test_a_submit_is_built_from_its_facts_byte_for_byte(version: str) -> None:
    built = Submit(
        service_id="MSVC",
        msg_src=GOLDEN["source_addr"],
        src_id="106512345678",
        terminals=("13800138000",),
        content=GOLDEN["submit_text"].encode("utf-16-be"),
    )
    assert pack(built, 10, _dialect(version)).hex() == GOLDEN[f"submit_{version}"]


@pytest.mark.parametrize("version", ["2_0", "3_0"])
def test_a_connect_proves_the_secret_and_so_does_its_answer(version: str) -> None:
    ours = sign_source(GOLDEN["source_addr"], GOLDEN["shared_secret"], GOLDEN["timestamp"])
    assert ours.hex() == GOLDEN["authenticator_source_hex"]
    asking = unpack(bytes.fromhex(GOLDEN[f"connect_{version}"]), _dialect(version)).pdu
    assert isinstance(asking, Connect)
    assert asking.authenticator == ours
    answer = unpack(bytes.fromhex(GOLDEN[f"connect_resp_{version}_ok"]), _dialect(version)).pdu
    assert isinstance(answer, ConnectResp)
    status = bytes(4 if version == "3_0" else 1)
    assert is_from_ismg(status, answer.authenticator, ours, GOLDEN["shared_secret"])
    assert not is_from_ismg(status, answer.authenticator, ours, "another")


@pytest.mark.parametrize(("version", "size"), [("2_0", 60), ("3_0", 71)])
def test_a_report_is_told_apart_by_its_length(version: str, size: int) -> None:
    deliver = read_deliver(bytes.fromhex(GOLDEN[f"deliver_report_{version}"]), _dialect(version))
    assert (deliver.registered, len(deliver.content)) == (1, size)
    report = read_report(deliver.content)
    assert report == Report(MSG_ID, "DELIVRD", "2401021104", "2401021105", "13800138000", 12345)
    assert write_report(report, is_wide=version == "3_0") == deliver.content


@pytest.mark.parametrize("size", [0, 59, 61, 70, 72, 255])
def test_a_report_of_any_other_length_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        read_report(bytes(size))


def test_a_narrow_report_on_a_wide_session_is_read() -> None:
    narrow = write_report(Report(MSG_ID, "MA:0051", "2611231000", "2611231001", "19900000001", 1), is_wide=False)
    whole = pack(Deliver(1, "1065", "MSVC", "19900000001", 1, narrow), 5, V30)
    assert read_report(read_deliver(whole, V30).content).stat == "MA:0051"


@pytest.mark.parametrize("version", ["2_0", "3_0"])
def test_a_deliver_is_read_whichever_version_the_session_was_thought_to_be(version: str) -> None:
    whole = bytes.fromhex(GOLDEN[f"deliver_mo_{version}"])
    assert read_deliver(whole, V20) == read_deliver(whole, V30)
    assert read_deliver(whole, V20).content.decode("utf-16-be") == GOLDEN["deliver_mo_text"]


def test_the_sizes_are_those_of_the_specification() -> None:
    submit = Submit("MSVC", "901234", "1065", ("1", "2"), b"abc")
    assert (len(pack(submit, 1, V20)), len(pack(submit, 1, V30))) == (138 + 2 * 21 + 3, 163 + 2 * 32 + 3)
    assert (len(pack(SubmitResp(1, 0), 1, V20)), len(pack(SubmitResp(1, 0), 1, V30))) == (21, 24)
    assert len(pack(Query("20261123"), 1, V20)) == 12 + 27
    assert len(pack(Cancel(1), 1, V20)) == 20
    most = Submit("MSVC", "901234", "1065", ("1",) * 99, bytes(160))
    assert len(pack(most, 1, V30)) < LONGEST


@pytest.mark.parametrize(
    "pdu",
    [
        Submit("MSVC", "901234", "1065", (), b""),
        Submit("MSVC", "901234", "1065", ("1",) * 100, b""),
        Submit("MSVC", "901234", "1065", ("1" * 22,), b""),
        Submit("MSVC", "901234", "1065", ("1",), bytes(256)),
        Submit("MSVC", "9012345", "1065", ("1",), b""),
        Submit("MSVC", "901234", "业务", ("1",), b""),
        Submit("MS\0C", "901234", "1065", ("1",), b""),
        Submit("MSVC", "901234", "1065", ("1",), b"", pk_total=256),
        Connect("901234", b"short", 0x20, 1),
        SubmitResp(1, 256),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_not_cut(pdu: Pdu) -> None:
    with pytest.raises(Malformed):
        pack(pdu, 1, V20)


@pytest.mark.parametrize(
    "whole",
    [b"", bytes(11), pack(ActiveTest(), 1, V20) + b"\0", HEADER.pack(12, 99, 1), HEADER.pack(16, 8, 1) + bytes(4)],
)
def test_what_is_no_pdu_is_malformed(whole: bytes) -> None:
    with pytest.raises(Malformed):
        unpack_either(whole, V20)


def test_nothing_personal_shows_in_a_pdu_or_an_error() -> None:
    shown = [
        repr(Submit("MSVC", "901234", "1065", ("19900000001",), "样例".encode("utf-16-be"))),
        repr(Deliver(1, "1065", "MSVC", "19900000001", 0, b"T")),
        repr(Report(1, "DELIVRD", "", "", "19900000001", 1)),
    ]
    with pytest.raises(Malformed) as error:
        pack(Submit("MSVC", "901234", "1065", ("19900000001" * 2,), b""), 1, V20)
    assert not any("19900000001" in text for text in [*shown, str(error.value)])


# ── any value, any bytes ──

_TEXT = st.characters(min_codepoint=1, max_codepoint=255)


def _field(codec: Any, dialect: Dialect) -> st.SearchStrategy[Any]:
    width = getattr(codec, "wide" if dialect.is_wide else "narrow", 0)
    match codec:
        case Number():
            return st.integers(0, 256**width - 1)
        case Octets():
            return st.text(_TEXT, max_size=width)
        case Raw():
            return st.binary(min_size=codec.width, max_size=codec.width)
        case Terminals():
            number = st.text(_TEXT, max_size=32 if dialect.is_wide else 21)
            return st.lists(number, min_size=1, max_size=99).map(tuple)
        case Content():
            return st.binary(max_size=255)
    raise AssertionError(codec)


@st.composite
def _pdus(draw: st.DrawFn) -> tuple[Pdu, Dialect]:
    kind: Any = draw(st.sampled_from(get_args(Pdu)))
    dialect = draw(st.sampled_from([V20, V30]))
    return kind(**{name: draw(_field(codec, dialect)) for name, codec in kind.LAYOUT.items()}), dialect


@given(_pdus(), st.integers(0, 2**32 - 1))
def test_every_pdu_comes_back_as_it_went(made: tuple[Pdu, Dialect], sequence: int) -> None:
    pdu, dialect = made
    whole = pack(pdu, sequence, dialect)
    assert head(whole) == (len(whole), pdu.COMMAND, sequence)
    back = unpack(whole, dialect)
    assert (back.pdu, back.sequence) == (pdu, sequence)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_a_stream_of_any_bytes_ends_in_frames_or_is_malformed(pieces: list[bytes]) -> None:
    splitter = Splitter()
    n_bytes = 0
    try:
        for piece in pieces:
            n_bytes += sum(map(len, splitter.feed(piece)))
    except Malformed:
        return
    assert n_bytes <= sum(map(len, pieces))


@given(st.binary(max_size=300), st.sampled_from([V20, V30]))
def test_any_bytes_are_a_pdu_or_malformed(whole: bytes, dialect: Dialect) -> None:
    try:
        frame = unpack_either(whole, dialect)
    except Malformed:
        return
    assert head(whole)[1] == frame.pdu.COMMAND


@given(st.lists(st.integers(0, 400), max_size=12), st.randoms(use_true_random=False))
def test_frames_come_out_whole_however_tcp_cuts_them(sizes: list[int], random: Any) -> None:
    frames = [HEADER.pack(HEADER.size + n, 5, i) + bytes(n) for i, n in enumerate(sizes)]
    stream = b"".join(frames)
    splitter, found, at = Splitter(), [], 0
    while at < len(stream):
        step = random.randint(1, 500)
        found += splitter.feed(stream[at : at + step])
        at += step
    assert found == frames


@pytest.mark.parametrize("length", [0, 11, LONGEST + 1, 2**32 - 1])
def test_an_impossible_length_ends_the_stream(length: int) -> None:
    with pytest.raises(Malformed):
        Splitter().feed(length.to_bytes(4, "big") + bytes(8))


def test_a_deliver_resp_has_the_width_of_its_version() -> None:
    assert pack(DeliverResp(MSG_ID + 1), 77, V20).hex() == GOLDEN["deliver_resp_2_0"]
    assert pack(DeliverResp(MSG_ID + 1), 77, V30).hex() == GOLDEN["deliver_resp_3_0"]
