"""Trying a rule before anybody is told by it."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from notifier.app import open_ledger_at
from notifier.commands.answering import AsJson, answer, plain, run
from notifier.domain.errors import InputError
from notifier.domain.regions import level_of
from notifier.domain.rule_forms import explain, to_form
from notifier.domain.rule_language import parse_rule, print_rule
from notifier.settings import load_settings
from notifier.store.matching import county_code
from notifier.store.rule_counting import Example, VillageCount, count_by_village, examples, vocabulary

commands = typer.Typer(no_args_is_help=True, help="Rules: who a policy is for.")


@commands.command("words")
def words_command(as_json: AsJson = False) -> None:
    """Say what rules can speak of today: kinds, subsidies and lists; attributes and regions always."""

    async def work() -> dict[str, Any]:
        async with open_ledger_at(load_settings()) as ledger:
            words = await vocabulary(ledger)
        return {"kinds": list(words.kinds), "items": list(words.items), "lists": list(words.lists)}

    answer(run(work(), as_json=as_json), as_json=as_json)


@commands.command("try")
def try_command(
    rule: Annotated[str, typer.Argument(help="e.g. 低保 且 居住在 城阳乡 且 耕地亩 >= 5")],
    region: Annotated[str | None, typer.Option(help="12-digit code; only its households are counted")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many households of each village a rule is for, and why or why not for some; nothing is saved."""

    async def work() -> dict[str, Any]:
        async with open_ledger_at(load_settings()) as ledger:
            words = await vocabulary(ledger)
            parsed = parse_rule(rule, words)
            code = _region(region or await county_code(ledger))
            counted = await count_by_village(ledger, parsed, code)
            some = await examples(ledger, parsed, code, n_matched=3, n_unmatched=3)
        said = {"rule": print_rule(parsed, words), "means": explain(parsed, words.regions), "form": to_form(parsed)}
        sums = {"n": sum(one.n for one in counted), "n_households": sum(one.n_households for one in counted)}
        return {**said, **sums, "villages": counted, "examples": some}

    found = run(work(), as_json=as_json)
    answer(plain(found), as_json=as_json, text=lambda: "\n".join(_lines(found)))


def _region(code: str | None) -> str:
    try:
        level_of(code or "")
    except ValueError:
        raise InputError("--region 应为12位行政区划代码；没有导入行政区划时须写明") from None
    return code or ""


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['rule']}\n{found['means']}\n共 {found['n']:,} 户（在册 {found['n_households']:,} 户）"
    villages: list[VillageCount] = found["villages"]
    yield from (f"{one.name:　<12} {one.n:>8,} / {one.n_households:,}" for one in villages if one.n)
    some: list[Example] = found["examples"]
    for one in some:
        yield f"\n{one.village}{one.group or ''} {one.householder}　{one.why.sentence}"
        yield from (part.line for part in one.why.parts)
