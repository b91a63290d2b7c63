"""Whom the draft is for: the rule as rows and as text, with the count of every village and examples with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from notifier.campaigns.drafting import limited, open_rule
from notifier.domain.errors import InputError
from notifier.domain.regions import span
from notifier.domain.rule_fields import Field
from notifier.domain.rule_forms import explain, from_json
from notifier.domain.rule_language import parse_rule, print_rule
from notifier.domain.rule_rows import (
    Row,
    RowsError,
    choices,
    rows_of,
    rows_sent,
    rule_of_rows,
    with_field,
    with_row,
    without_row,
)
from notifier.domain.rules import AllOf, Comparison, Rule, Vocabulary
from notifier.store.drafts import Draft
from notifier.store.rule_counting import count_by_village, examples, vocabulary
from notifier.web.desk import DESK
from notifier.web.drafts import NAME, author_of, on_to, own_draft, render_step

_MOST_TEXT = 4000
_YES_OR_NO = ("是", "否")
COMPARISONS = {
    Comparison.AT_LEAST.value: "不少于",
    Comparison.MORE.value: "多于",
    Comparison.AT_MOST.value: "不多于",
    Comparison.LESS.value: "少于",
    Comparison.EQUAL.value: "等于",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the form asks for: its rows, its text, and the rule or what is wrong with either."""

    rows: Sequence[Row]
    text: str
    rule: Rule | None
    problem: str = ""
    problems: Mapping[int, str] | None = None


async def audience_page(request: web.Request) -> web.Response:
    """GET /drafts/{campaign}/audience: the rule as it is kept; everybody of the region before there is one."""
    _, found = await own_draft(request)
    words = await vocabulary(request.app[DESK].ledger)
    rule = AllOf(()) if found.rule is None else open_rule(from_json(found.rule), found.region_code)
    asked = _Asked(rows_of(rule, words), print_rule(rule, words), rule)
    return await _page(request, found, asked, words)


async def save_audience(request: web.Request) -> web.Response:
    """POST /drafts/{campaign}/audience: op says what changed (a row added, taken away, the text); save keeps it."""
    user, found = await own_draft(request)
    form = {key: str(value) for key, value in (await request.post()).items()}
    words = await vocabulary(request.app[DESK].ledger)
    asked = _asked(form, words)
    if form.get("op") not in ("save", "later") or asked.rule is None:
        return await _page(request, found, asked, words)
    try:
        await request.app[DESK].drafts.save_audience(found, author_of(user), asked.rule)
    except InputError as refused:
        return await _page(request, found, _Asked(asked.rows, asked.text, None, str(refused)), words)
    return await on_to(request, found, "moment")


def _asked(form: Mapping[str, str], words: Vocabulary) -> _Asked:
    rows, text = rows_sent(form), form.get("text", "")[:_MOST_TEXT]
    if form.get("op") == "text" or (not rows and text):
        return _by_text(text, rows, words)
    rows = _changed(rows, form.get("op", "")) or rows_of(AllOf(()), words)
    rows = [_settled(row, words) for row in rows]
    try:
        rule = rule_of_rows(rows, words)
    except RowsError as wrong:
        return _Asked(rows, text, None, "有条件还没填完，见标红的行", wrong.problems)
    return _Asked(rows, print_rule(rule, words), rule)


def _by_text(text: str, rows: Sequence[Row], words: Vocabulary) -> _Asked:
    try:
        rule = parse_rule(text, words)
    except InputError as wrong:
        return _Asked(rows or rows_of(AllOf(()), words), text, None, str(wrong))
    return _Asked(rows_of(rule, words), print_rule(rule, words), rule)


def _changed(rows: Sequence[Row], op: str) -> list[Row]:
    """The rows after `add:<head>:<what>` or `remove:<row>`; as they are for anything else."""
    word, _, rest = op.partition(":")
    place, _, what = rest.partition(":")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else -1
    if not 0 <= at < len(rows):
        return list(rows)
    if word == "add" and rows[at].is_head:
        return with_row(rows, at, what or "within")
    return without_row(rows, at) if word == "remove" else list(rows)


def _settled(row: Row, words: Vocabulary) -> Row:
    """The row with a comparison and a value where its kind wants one and none was chosen yet."""
    field, kind = row.field, _kinds(words).get(row.field.what, "")
    if (kind == "flag") != (field.value in _YES_OR_NO):
        field = Field(field.what, name=field.name, value=_YES_OR_NO[0] if kind == "flag" else "")
    if kind in ("count", "area", "kind", "date") and not field.comparison:
        field = Field(field.what, name=field.name, comparison=Comparison.AT_LEAST.value, value=field.value)
    return with_field([row], 0, field)[0]


def _kinds(words: Vocabulary) -> dict[str, str]:
    return {one.what: one.kind for one in choices(words)}


async def _page(request: web.Request, found: Draft, asked: _Asked, words: Vocabulary) -> web.Response:
    ledger = request.app[DESK].ledger
    region = found.region_code or author_of((await own_draft(request))[0]).region_code
    known: dict[str, Any] = {"counts": (), "examples": (), "said": "", "total": 0, "n_households": 0}
    if asked.rule is not None:
        whole = limited(asked.rule, region)
        counts = await count_by_village(ledger, whole, region)
        known = {
            "counts": [one for one in counts if one.n],
            "examples": await examples(ledger, asked.rule, region, n_matched=4, n_unmatched=3),
            "said": explain(asked.rule, words.regions),
            "total": sum(one.n for one in counts),
            "n_households": sum(one.n_households for one in counts),
        }
    first, last = span(region)
    within = {code: name for code, name in words.regions.items() if first <= code <= last}
    return await render_step(
        request,
        "audience",
        found,
        asked=asked,
        choices=choices(words),
        kinds=_kinds(words),
        comparisons=COMPARISONS,
        words=words,
        region_name=words.regions.get(region, region),
        places=within,
        run=request.query.get("run", ""),
        **known,
    )


ROUTES = (
    web.get(rf"{NAME}/audience", audience_page),
    web.post(rf"{NAME}/audience", save_audience),
)
