"""政策: what was published, what was understood of it, and the suggested audience - accepted, edited or refused."""

from collections.abc import Mapping

from aiohttp import web

from notifier.accounts.roles import Permission, User
from notifier.domain.errors import InputError
from notifier.domain.rule_forms import from_json
from notifier.domain.rule_language import parse_rule, print_rule
from notifier.store.attachments import attachments_of
from notifier.store.disclosure import entries
from notifier.store.policies import PAGE, list_policies, policy_of
from notifier.store.reporting import CampaignLine, campaigns, region_names
from notifier.store.rule_counting import count_by_village, examples, vocabulary
from notifier.store.understood import decisions
from notifier.web.deeds import attempt
from notifier.web.desk import DESK
from notifier.web.evidence import marked
from notifier.web.pages import render, render_part
from notifier.web.reports import is_seen, is_whole_in_scope, path_number
from notifier.web.sessions import demand, tell
from notifier.web.understanding import SURE, understood_block

VERDICT_TEXT = {"accepted": "已采纳", "edited": "已修改", "refused": "不通知"}
_LONGEST_RULE = 2000
_LONGEST_REMARK = 500


async def policies_page(request: web.Request) -> web.Response:
    """GET /policies?all=1&before=: policies whose suggestion waits for a decision, or all of them, newest first."""
    user = demand(request, Permission.JUDGE)
    desk = request.app[DESK]
    every = request.query.get("all") == "1"
    said = request.query.get("before", "")
    before = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
    found = await list_policies(desk.ledger, user.region_code, waiting=not every, before=before)
    return await render(
        request,
        "policies.html",
        found=found,
        every=every,
        titles=desk.sources.titles if desk.sources else {},
        names=await region_names(desk.ledger),
        VERDICT_TEXT=VERDICT_TEXT,
        sure=SURE,
        more=found[-1].campaign_id if len(found) == PAGE else None,
    )


async def decisions_page(request: web.Request) -> web.Response:
    """GET /policies/decisions: what people made of suggestions; nothing learns from it by itself."""
    user = demand(request, Permission.JUDGE)
    desk = request.app[DESK]
    seen = {line.campaign_id for line in await campaigns(desk.ledger) if is_seen(user, line)}
    found = [one for one in await decisions(desk.ledger) if one.campaign_id in seen]
    names = await region_names(desk.ledger)
    words = await vocabulary(desk.ledger)

    def said(rule: str | None) -> str:
        return "没有规则" if rule is None else print_rule(from_json(rule), words)

    return await render(request, "decisions.html", found=found, names=names, said=said, VERDICT_TEXT=VERDICT_TEXT)


async def _seen(request: web.Request) -> tuple[User, CampaignLine]:
    user = demand(request, Permission.JUDGE)
    lines = await campaigns(request.app[DESK].ledger, path_number(request, "campaign"))
    if not lines or not is_seen(user, lines[0]):
        raise web.HTTPNotFound
    return user, lines[0]


async def policy_page(request: web.Request) -> web.Response:
    """GET /policies/{campaign}: the paper, what was understood of it, and the suggested audience with its phrases."""
    user, line = await _seen(request)
    return await _show(request, user, line, None, None)


async def _show(
    request: web.Request, user: User, line: CampaignLine, typed: str | None, fault: str | None
) -> web.Response:
    desk = request.app[DESK]
    paper = await policy_of(desk.ledger, line.campaign_id)
    if paper is None:
        raise web.HTTPNotFound
    block = await understood_block(desk, line.campaign_id)
    rule = "" if paper.rule is None else print_rule(from_json(paper.rule), await vocabulary(desk.ledger))
    words = [one["phrase"] for one in (block["understood"] or {}).get("evidence", []) if one.get("phrase")]
    open_states = ("draft", "returned", "in_review")
    return await render(
        request,
        "policy.html",
        line=line,
        paper=paper,
        body=marked(paper.body, sorted(set(words), key=len, reverse=True)),
        rule_typed=typed if typed is not None else rule,
        fault=fault,
        entries=await entries(desk.ledger),
        attachments=await attachments_of(desk.ledger, paper.benefit_id),
        titles=desk.sources.titles if desk.sources else {},
        may_judge=line.state in open_states and is_whole_in_scope(user, line),
        **block,
    )


async def audience_part(request: web.Request) -> web.Response:
    """GET /policies/{campaign}/audience: how many households where, and examples with the reason; of the own region."""
    user, line = await _seen(request)
    ledger = request.app[DESK].ledger
    paper = await policy_of(ledger, line.campaign_id)
    if paper is None or paper.rule is None:
        return await render_part(request, "_audience.html", counts={}, shown=[], names={}, has_rule=False)
    rule = from_json(paper.rule)
    counts: dict[str, tuple[int, int]] = {}
    for one in await count_by_village(ledger, rule, user.region_code):
        town = one.region_code[:9] + "000"
        n, of = counts.get(town, (0, 0))
        counts[town] = (n + one.n, of + one.n_households)
    shown = await examples(ledger, rule, user.region_code, n_matched=3, n_unmatched=2)
    names = await region_names(ledger)
    return await render_part(request, "_audience.html", counts=counts, shown=shown, names=names, has_rule=True)


async def do_policy(request: web.Request) -> web.Response:
    """POST /policies/{campaign}/{deed}: accept, edit (rule), refuse (remark) or file (entry); whole in scope only."""
    user, line = await _seen(request)
    if not is_whole_in_scope(user, line):
        raise web.HTTPForbidden(text="这项政策超出您管辖的地区，只能由上级处理")
    desk = request.app[DESK]
    form = {key: str(value) for key, value in (await request.post()).items()}
    remark, deed, at = form.get("remark", "")[:_LONGEST_REMARK], request.match_info["deed"], line.campaign_id
    if deed == "accept":
        await attempt(request, desk.suggestions.accept(at, user.name, remark), "已采纳，进入审核")
    elif deed == "refuse":
        await attempt(request, desk.suggestions.refuse(at, user.name, remark), "已决定不通知，原因已记录")
    elif deed == "file":
        await _file(request, form, at, user)
    else:
        return await _edit(request, user, line, form)
    raise web.HTTPSeeOther(f"/policies/{at}")


async def _edit(request: web.Request, user: User, line: CampaignLine, form: Mapping[str, str]) -> web.Response:
    desk = request.app[DESK]
    typed = form.get("rule", "")[:_LONGEST_RULE]
    try:
        rule = parse_rule(typed, await vocabulary(desk.ledger))
        await desk.suggestions.edit(line.campaign_id, user.name, rule, form.get("remark", "")[:_LONGEST_REMARK])
    except InputError as fault:
        return await _show(request, user, line, typed, str(fault))
    await tell(request, "名单规则已修改，需由另一人审核")
    raise web.HTTPSeeOther(f"/policies/{line.campaign_id}")


async def _file(request: web.Request, form: Mapping[str, str], campaign_id: int, user: User) -> None:
    desk, said = request.app[DESK], form.get("entry", "")
    paper = await policy_of(desk.ledger, campaign_id)
    if paper is None or not (said.isascii() and said.isdigit() and len(said) < 19):
        raise web.HTTPBadRequest(text="请从清单中选择一项")
    done = desk.suggestions.file_under(paper.benefit_id, int(said), user.name)
    await attempt(request, done, "已归入政务公开清单")


ROUTES = (
    web.get("/policies", policies_page),
    web.get("/policies/decisions", decisions_page),
    web.get(r"/policies/{campaign:\d{1,19}}", policy_page),
    web.get(r"/policies/{campaign:\d{1,19}}/audience", audience_part),
    web.post(r"/policies/{campaign:\d{1,19}}/{deed:accept|edit|refuse|file}", do_policy),
)
