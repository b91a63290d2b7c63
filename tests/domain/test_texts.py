"""What a gateway says of a summary: whole clauses in each variable."""

import pytest

from notifier.domain.texts import Text, fill


@pytest.mark.parametrize(
    ("summary", "part1", "part2"),
    [
        ("每亩补贴92.40元", "每亩补贴92.40元", "，详情请问村委会"),
        ("每亩补贴92.40元。", "每亩补贴92.40元。", "详情请问村委会"),
        (
            "拥有耕地承包权的种地农民每亩补贴92.40元，按确权面积核算，通过一卡通发放。",
            "拥有耕地承包权的种地农民每亩补贴92.40元，按确权面积核算，",
            "通过一卡通发放。",
        ),
    ],
)
def test_a_summary_fills_two_variables_with_whole_clauses(summary: str, part1: str, part2: str) -> None:
    text = Text(template="t", content="${a}${b}", variables={"a": "{part1}", "b": "{part2}"})
    assert fill(text, {"summary": summary}, "").parameters == {"a": part1, "b": part2}
