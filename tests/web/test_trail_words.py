"""Everything that the audit trail holds is shown in words: nobody reads "state running" or "excuse deceased"."""

import ast
from collections.abc import Iterator

import pytest

from notifier.domain.filing import FilingDeed
from notifier.domain.inquiries import InquiryEvent
from notifier.domain.lifecycle import CampaignState
from notifier.domain.outcomes import EXCUSES, Reason
from notifier.web.trail_words import DETAIL_TEXT, deed_text, in_words
from tests.house.tree import ROOT


def written() -> Iterator[tuple[ast.expr, ast.AST]]:
    """Where the trail is written: the deed's name and its detail, a dictionary or a name for one."""
    for path in sorted((ROOT / "notifier").rglob("*.py")):
        said = path.read_text(encoding="utf-8")
        if "append(" not in said or "audit" not in said:
            continue
        tree = ast.parse(said)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > 3):
            if ast.unparse(call.func) not in ("append", "audit.append"):
                continue
            detail: ast.AST = call.args[3]
            if isinstance(detail, ast.Name):
                named = detail.id
                given = [one.value for one in ast.walk(tree) if isinstance(one, ast.Assign) and _is_named(one, named)]
                detail = ast.List([one for one in given if isinstance(one, ast.Dict)])
            yield call.args[2], detail


def _is_named(one: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in one.targets)


def test_every_deed_that_is_written_and_every_key_of_its_detail_has_words() -> None:
    found = list(written())
    deeds = {deed.value for deed, _ in found if isinstance(deed, ast.Constant)}
    keys = {
        key.value
        for _, detail in found
        for one in ast.walk(detail)
        if isinstance(one, ast.Dict)
        for key in one.keys
        if isinstance(key, ast.Constant)
    }
    assert len(deeds) > 40
    assert [one for one in sorted(map(str, deeds)) if not deed_text(one) or str(one) in deed_text(one)] == []
    assert sorted(map(str, keys - set(DETAIL_TEXT))) == []


@pytest.mark.parametrize(
    ("about", "names"),
    [
        ("filing", [one.value for one in FilingDeed]),
        ("inquiry", [one.value for one in InquiryEvent]),
        ("upload", ["shown", "saving", "saved", "failed", "discarded"]),
        ("campaign", ["launch", "pause", "resume", "cancel", "void"]),
        ("user", ["duty", "disabled", "enabled", "unlocked"]),
    ],
)
def test_deeds_whose_names_are_put_together_have_words_too(about: str, names: list[str]) -> None:
    assert [name for name in names if f"{about}.{name}" in deed_text(f"{about}.{name}")] == []


def test_values_are_said_in_words_and_what_is_nothing_is_left_out() -> None:
    said = {one: in_words("state", one.value, {}) for one in CampaignState}
    assert all(not words.isascii() for words in said.values())
    assert {in_words("excuse", one.value, {}) for one in EXCUSES} == {"去世销户", "户口迁出", "名单有误"}
    assert in_words("found", Reason.AWAY.value, {}) == "整户外出"
    assert in_words("what", ["free_text", "rule", "rule_text"], {}) == "正文、通知谁"
    assert in_words("outcome", "Unsure", {}) == "结果不明"
    assert in_words("region", "640425000000", {"640425000000": "彭阳县"}) == "彭阳县"
