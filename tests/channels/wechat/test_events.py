"""What opened pushes tell: receipts, followers, texts, consents."""

import pytest

from notifier.domain.messages import Acted, Consented, Damaged, Followed, Heard, Receipt
from notifier.domain.outcomes import Reason
from tests.channels.wechat.pushing import AT, a_list_event, a_message, all_pushed, an_event, popup, pushed, sent


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        ("success", "success", None),
        ("failed:user block", "failed:user block", Reason.BLOCKED),
        ("failed: system failed", "failed:system failed", Reason.GATEWAY),
        ("failed:freq limit", "failed:freq limit", Reason.LIMITED),
        ("failed: something new", "failed:something new", Reason.UNKNOWN),
    ],
)
def test_a_finished_job_is_a_receipt_matched_by_its_msgid(status: str, code: str, reason: Reason | None) -> None:
    body = an_event("TEMPLATESENDJOBFINISH", MsgID=3557254367693750277, Status=status)
    expected = Receipt("wechat", None, "3557254367693750277", "oSAMPLE", reason is None, code, reason, AT)
    assert pushed(body) == expected


@pytest.mark.parametrize(
    ("body", "following", "scene"),
    [
        (an_event("subscribe", EventKey=""), True, None),
        (an_event("subscribe", EventKey=None), True, None),
        (an_event("subscribe", EventKey="qrscene_h-42", Ticket="T"), True, "h-42"),
        (an_event("SCAN", EventKey="h-42", Ticket="T"), True, "h-42"),
        (an_event("unsubscribe", EventKey=""), False, None),
    ],
)
def test_following_and_leaving_are_told_with_their_scene(body: bytes, following: bool, scene: str | None) -> None:
    assert pushed(body) == Followed("oSAMPLE", following, scene, AT)


def test_a_text_is_heard_and_keyed_by_its_msgid() -> None:
    assert pushed(a_message("text", Content="退订 T", MsgId=23456)) == Heard("oSAMPLE", "退订 T", "wechat:23456", AT)


def test_a_text_without_msgid_has_a_key_that_repeats_and_hides_the_openid() -> None:
    first, again = pushed(a_message("text", Content="问")), pushed(a_message("text", Content="问"))
    assert isinstance(first, Heard)
    assert first == again
    assert "oSAMPLE" not in first.key


@pytest.mark.parametrize(
    "body",
    [
        an_event("TEMPLATESENDJOBFINISH", Status="success"),
        an_event("TEMPLATESENDJOBFINISH", MsgID="x", Status="success"),
        an_event("TEMPLATESENDJOBFINISH", MsgID=1),
        an_event("TEMPLATESENDJOBFINISH", MsgID=1, Status="success", FromUserName=None),
        an_event("TEMPLATESENDJOBFINISH", MsgID=1, Status="success", CreateTime="9" * 30),
        an_event("VIEW", EventKey="https://example.test/"),
        an_event("新事件"),
        an_event("subscribe_msg_sent_event"),
        an_event("subscribe_msg_popup_event", SubscribeMsgPopupEvent="<not a list>"),
        b"<xml><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>",
    ],
)
def test_an_event_that_is_incomplete_or_not_used_is_damaged(body: bytes) -> None:
    assert isinstance(pushed(body), Damaged)


@pytest.mark.parametrize("n", [1, 2])
def test_a_popup_tells_what_was_accepted_and_what_was_not(n: int) -> None:
    entries = [popup("TS1", "accept"), popup("TS2", "reject")][:n]
    body = a_list_event("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", *entries)
    expected = [Consented("oSAMPLE", "TS1", True, AT), Consented("oSAMPLE", "TS2", False, AT)][:n]
    assert all_pushed(body) == expected


@pytest.mark.parametrize("wrapper", ["SubscribeMsgChangeEvent", "SubscribeMsgPopupEvent"])
def test_a_withdrawn_consent_is_read_in_either_wrapper(wrapper: str) -> None:
    entry = {"TemplateId": "TS1", "SubscribeStatusString": "reject"}
    assert all_pushed(a_list_event("subscribe_msg_change_event", wrapper, entry)) == [
        Consented("oSAMPLE", "TS1", False, AT)
    ]


@pytest.mark.parametrize(
    ("code", "status", "said", "reason"),
    [
        ("0", "success", "success", None),
        ("43101", "user refuse", "sent:43101", Reason.BLOCKED),
        ("43004", "require subscribe", "sent:43004", Reason.NOT_FOLLOWING),
        ("-1", "system failed", "sent:-1", Reason.GATEWAY),
        ("77", "new", "sent:77", Reason.UNKNOWN),
    ],
)
def test_a_sent_event_is_a_receipt_that_also_names_its_template(
    code: str, status: str, said: str, reason: Reason | None
) -> None:
    body = a_list_event("subscribe_msg_sent_event", "SubscribeMsgSentEvent", sent(code=code, status=status))
    expected = Receipt(
        "wechat", None, "1864323726461255680", "oSAMPLE", reason is None, said, reason, AT, template="TS1"
    )
    assert all_pushed(body) == [expected]


def test_one_bad_entry_of_a_list_is_damaged_and_its_neighbours_count() -> None:
    bad = [sent(number="x"), {"TemplateId": "TS1"}, sent(number="0")]
    told = all_pushed(a_list_event("subscribe_msg_sent_event", "SubscribeMsgSentEvent", sent("7"), *bad, sent("8")))
    kinds = [type(one).__name__ for one in told]
    assert kinds == ["Receipt", "Damaged", "Damaged", "Damaged", "Receipt"]
    odd = all_pushed(a_list_event("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", popup("TS1", "perhaps")))
    assert isinstance(odd[0], Damaged)


@pytest.mark.parametrize("event", ["CLICK", "scancode_push", "scancode_waitmsg"])
def test_a_press_of_the_menu_lets_us_answer_for_a_moment(event: str) -> None:
    assert pushed(an_event(event, EventKey="ask")) == Acted("oSAMPLE", AT)


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        ("image", {"PicUrl": "x"}, "[图片]"),
        ("voice", {"Format": "amr"}, "[语音]"),
        ("voice", {"Format": "amr", "Recognition": "补贴怎么没到"}, "[语音]补贴怎么没到"),
        ("location", {"Location_X": "35.8", "Location_Y": "106.6", "Scale": "1", "Label": "x"}, "[位置]"),
    ],
)
def test_what_is_not_in_words_is_heard_all_the_same(kind: str, more: dict[str, str], text: str) -> None:
    assert pushed(a_message(kind, MsgId=9, MediaId="m", **more)) == Heard("oSAMPLE", text, "wechat:9", AT)
