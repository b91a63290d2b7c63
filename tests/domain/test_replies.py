"""What farmers write back: what stops, resumes, corrects, acknowledges, and what a person must read."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notifier.domain.replies import InquiryKind, Meaning, kind_of, meanings

STOPS = (
    "T", "t", "TD", "td ", "Td", "R", "r", "退订", "退定", "回T", "回复T", "回复 TD", "回复t退订", "Ｔ",
    "Ｔ Ｄ", "ｔｄ",
    "T.", "T。", "T、D", "“T”", "'td'", "【T】", "【退订】", "(TD)", "退 订", "退订!", "退订了", "退订吧",
    "我要退订", "请退订",
    "请帮我退订谢谢", "退订短信", "短信退订", "T退订", "取消订阅", "不要再发了", "别发短信了", "【彭阳惠农】T",
    "TDtd", "t\n",
    "你好,退订", "退订,谢谢", "退订政策短信",
)  # fmt: skip
RESUMES = (
    "恢复",
    "恢复订阅",
    "回复恢复",
    "请恢复订阅",
    "恢复。",
    "“恢复”",
    "重新订阅",
    "取消退订",
    "恢复通知",
    "订阅",
    "恢 复",
)
WRONG = (
    "打错了", "发错了", "你发错了", "不是本人", "我不是本人", "不认识", "不认识这个人", "号码错了", "错号",
    "打错电话了",
    "你们打错了。", "发错人了", "不是他本人", "不是本人,别发了", "查无此人", "打错了,不是本人!",
    "这个号码不对", "不是她的电话",
)  # fmt: skip
ACKNOWLEDGED = (
    "收到", "收到!", "收到了", "已收到", "知道了", "已知晓", "我已知晓", "好的", "好", "收到,谢谢",
    "好的知道了", "收到谢谢政府",
    "嗯嗯", "ok", "OK!", "通知收到", "明白了", "谢谢", "已经知道了",
)  # fmt: skip
TO_READ = (
    "退订是什么意思", "“退订”是什么意思", "退订,是什么意思", "怎么退订", "退订?", "T?", "T恤", "T 恤",
    "我没有退订", "不要退订", "别退订",
    "收到?", "收到没有", "补贴发错了", "钱打错了", "钱打错了卡怎么办", "打错了卡号", "什么时候发钱", "你是谁",
    "R3", "TD-LTE", "Tom",
    "", "?", "😀", "继续", "好多钱", "我要投诉村干部", "打错了吗", "收到多少钱", "恢复耕地怎么补",
    "不认识字,念一下", "退耕还林",
    "TTT" * 20, "订阅费多少",
)  # fmt: skip


@pytest.mark.parametrize("text", STOPS)
def test_a_wish_to_stop_is_one_however_it_is_typed(text: str) -> None:
    assert Meaning.STOP in meanings(text)
    assert Meaning.INQUIRY not in meanings(text)


@pytest.mark.parametrize("text", RESUMES)
def test_a_wish_to_hear_again_is_one(text: str) -> None:
    assert meanings(text) == {Meaning.RESUME}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_number_says_so(text: str) -> None:
    assert Meaning.WRONG_NUMBER in meanings(text)
    assert Meaning.INQUIRY not in meanings(text)


@pytest.mark.parametrize("text", ACKNOWLEDGED)
def test_a_reader_says_so(text: str) -> None:
    assert meanings(text) == {Meaning.ACKNOWLEDGE}


@pytest.mark.parametrize("text", TO_READ)
def test_a_person_reads_all_else(text: str) -> None:
    assert meanings(text) == {Meaning.INQUIRY}


def test_a_stop_at_the_end_of_a_longer_text_stops_and_is_read() -> None:
    assert meanings("一天到晚发,太烦了,退订") == {Meaning.STOP, Meaning.INQUIRY}


def test_a_reader_with_a_question_has_read_it() -> None:
    assert meanings("收到,请问钱打到哪张卡上") == {Meaning.ACKNOWLEDGE, Meaning.INQUIRY}


@given(st.text())
def test_any_text_means_something(text: str) -> None:
    found = meanings(text)
    assert found
    assert found == meanings(text)


_NOISE = st.text(alphabet=" \t\u3000。.!！“”\"'()【】[]~、·-_*", max_size=6)


@given(st.sampled_from(("T", "TD", "R", "退订", "退定", "回T", "回复TD")), _NOISE, _NOISE, st.booleans(), st.booleans())
def test_marks_blanks_case_and_width_hide_no_stop(word: str, before: str, after: str, wide: bool, low: bool) -> None:
    said = word.lower() if low else word
    said = said.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}) if wide else said
    assert meanings(before + said + after) == {Meaning.STOP}


@given(
    st.sampled_from(("T", "TD", "退订")),
    st.sampled_from(("是什么意思", "怎么弄", "吗", "要钱吗", "?", "之后还能收到补贴么")),
)
def test_a_question_about_stopping_stops_nothing(word: str, question: str) -> None:
    assert meanings(word + question) == {Meaning.INQUIRY}
    assert meanings(f"“{word}”{question}") == {Meaning.INQUIRY}


@given(st.text(alphabet=st.characters(categories=["Lo"]), min_size=1, max_size=12))
def test_a_letter_before_other_words_stops_nothing(rest: str) -> None:
    assume(not any(mark in rest for mark in "退停取短政惠信消通服推广了吧啊呀谢多"))
    assert Meaning.STOP not in meanings("T" + rest)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("我要投诉", InquiryKind.COMPLAINT),
        ("建议早点通知", InquiryKind.SUGGESTION),
        ("钱啥时候到", InquiryKind.QUESTION),
    ],
)
def test_the_kind_of_an_inquiry_is_read_from_its_words(text: str, kind: InquiryKind) -> None:
    assert kind_of(text) is kind
