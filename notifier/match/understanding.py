"""A policy understood: what it is about, for whom, how much, until when, and with which words it says so; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from notifier.domain.pieces import pieces
from notifier.domain.rules import AllOf, AnyOf, Has, Not, Rule, Within
from notifier.match.amounts import Amount, amounts
from notifier.match.deadlines import Deadline, deadlines
from notifier.match.doubts import doubts, places_unread
from notifier.match.elements import Element, elements
from notifier.match.groups import Audience, Named, audience
from notifier.match.places import region_of_issuer
from notifier.match.sentences import sentences
from notifier.match.summaries import summarise
from notifier.match.taxonomy import Taxonomy, Topic
from notifier.match.topics import Evidence, context, judge

_FOR_TWO_TOPICS, _FOR_A_GUESSED_AUDIENCE, _FOR_LEAVING_OUT = 15, 20, 15
_FOR_NO_AUDIENCE, _FOR_AN_UNREAD_CONDITION, _LEAST = 10, 25, 5


@dataclass(frozen=True, slots=True)
class Published:
    """A policy as it was published; `region_code` is its source's own region."""

    title: str
    body: str
    issuer: str | None = None
    region_code: str | None = None
    published_on: date | None = None


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a policy says, every part with its own words. Nothing in it is not in the text or the taxonomy.

    `rule` None: a person says whom it is for. `confidence` 0 to 95 is of the rule; `unread` looks like
    conditions and is not in it; `pieces` are at most 35 UTF-16 units each and joined are the summary.
    """

    topic: str | None
    field: str
    region_code: str | None
    groups: Sequence[str]
    left_out: Sequence[str]
    amounts: Sequence[Amount]
    deadlines: Sequence[Deadline]
    elements: Mapping[Element, str]
    rule: Rule | None
    confidence: int
    evidence: Sequence[Evidence]
    unread: Sequence[Evidence]
    summary: str
    pieces: Sequence[str]


def understand(policy: Published, taxonomy: Taxonomy, tree: Mapping[str, str]) -> Understanding:
    """The policy, read once. The same policy, taxonomy and regions (names by code) give the same understanding."""
    judgement = judge(policy.title, policy.body, taxonomy)
    topics = [one for one in taxonomy.topics if one.name in (judgement.topic or "").split("、")]
    whom = audience(policy.title, policy.body, taxonomy, tree)
    sums, until = amounts(policy.body), deadlines(policy.body, policy.published_on)
    who_sentences = [_sentence_at(policy.body, at) for at in _places_of(whom)] if whom.is_said else []
    region_code = region_of_issuer(policy.issuer, policy.region_code, tree)
    evidence = (*judgement.evidence, *_why(whom, policy.body)) if topics else judgement.evidence
    unread = _unread(policy, whom, taxonomy, region_code, tree) if topics else []
    summary = summarise(policy.body, [one.phrase for one in evidence])
    return Understanding(
        topic=judgement.topic,
        field=_field(policy, topics, taxonomy),
        region_code=region_code,
        groups=_groups(topics, whom),
        left_out=[one.group.name for one in whom.named if one.is_left_out] if topics else [],
        amounts=sums,
        deadlines=until,
        elements=elements(policy.body, who_sentences, sums, until),
        rule=_rule(topics, whom, region_code, tree),
        confidence=_confidence(judgement.confidence, topics, whom, bool(unread)),
        evidence=evidence,
        unread=unread,
        summary=summary,
        pieces=pieces(summary),
    )


def _field(policy: Published, topics: Sequence[Topic], taxonomy: Taxonomy) -> str:
    """The topic's; else that of which the title, then the body, has a word; "" for none."""
    if topics:
        return topics[0].field
    for text in (policy.title, policy.body):
        for field in taxonomy.fields:
            if any(word in text for word in field.keywords):
                return field.name
    return ""


def _groups(topics: Sequence[Topic], whom: Audience) -> Sequence[str]:
    if not topics:
        return []
    of_topics = [name for topic in topics for name in topic.groups]
    return list(dict.fromkeys([*of_topics, *(one.group.name for one in whom.named if not one.is_left_out)]))


def _rule(topics: Sequence[Topic], whom: Audience, region_code: str | None, tree: Mapping[str, str]) -> Rule | None:
    of_topics = [_topic_rule(topic, whom) for topic in topics]
    known = [rule for rule in of_topics if rule is not None]
    if not topics or len(known) < len(of_topics):
        return None
    parts = [_where(whom, region_code), _any(known), *_left_out(whom)]
    return _all([part for part in parts if part is not None])


def _topic_rule(topic: Topic, whom: Audience) -> Rule | None:
    """The topic's rule with the text's groups: those of its own families replace a default, others narrow it."""
    named = [one for one in whom.named if not one.is_left_out and one.rule is not None]
    columns = _columns(topic.rule) if topic.rule is not None else set()
    own = [one for one in named if one.rule is not None and _columns(one.rule) & columns]
    families = {one.group.family for one in own}
    if topic.rule is None or not topic.is_narrowed:
        return topic.rule
    rule = topic.rule
    if own and topic.is_default:
        rule = _any(_rules_of([one for one in named if one.group.family in families]))
    elif bounded := [one for one in own if one.rule != one.group.rule and _columns(one.rule or rule) == columns]:
        rule = _any(_rules_of(bounded))
    others = [one for one in named if one.group.family not in families and not _columns(one.rule or rule) & columns]
    by_family = dict.fromkeys(one.group.family for one in others)
    narrowing = [_any(_rules_of([one for one in others if one.group.family == family])) for family in by_family]
    return _all([rule, *narrowing])


def _rules_of(named: Sequence[Named]) -> list[Rule]:
    return [one.rule for one in named if one.rule is not None]


def _where(whom: Audience, region_code: str | None) -> Rule | None:
    """The townships that the text is limited to, when they lie inside the region it is for; else that region."""
    inside = [code for code, _, _ in whom.places if region_code is None or _is_inside(code, region_code)]
    if inside and inside != [region_code]:
        return _any([Within(code) for code in inside])
    return Within(region_code) if region_code is not None else None


def _is_inside(code: str, region_code: str) -> bool:
    return code.startswith(region_code.rstrip("0")) or code == region_code


def _left_out(whom: Audience) -> list[Rule]:
    return [Not(one.rule) for one in whom.named if one.is_left_out and one.rule is not None]


def _columns(rule: Rule) -> set[str]:
    match rule:
        case Has(column):
            return {column}
        case AllOf(parts) | AnyOf(parts):
            return {column for part in parts for column in _columns(part)}
        case Not(part):
            return _columns(part)
    return set()


def _any(rules: Sequence[Rule]) -> Rule:
    flat = [part for rule in rules for part in (rule.parts if isinstance(rule, AnyOf) else (rule,))]
    different = tuple(dict.fromkeys(flat))
    return different[0] if len(different) == 1 else AnyOf(different)


def _all(rules: Sequence[Rule]) -> Rule:
    flat = [part for rule in rules for part in (rule.parts if isinstance(rule, AllOf) else (rule,))]
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def _unread(
    policy: Published, whom: Audience, taxonomy: Taxonomy, region_code: str | None, tree: Mapping[str, str]
) -> list[Evidence]:
    """What looks like a condition and is in no rule; the region it is for anyway is none."""
    places = {code: name for code, name in tree.items() if code != region_code}
    return [*doubts(policy.body, whom, taxonomy), *places_unread(policy.title, policy.body, whom, places)]


def _confidence(sure: int, topics: Sequence[Topic], whom: Audience, has_unread: bool) -> int:
    if not topics:
        return 0
    has_groups = any(not one.is_left_out for one in whom.named)
    sure -= _FOR_TWO_TOPICS * (len(topics) > 1)
    sure -= _FOR_A_GUESSED_AUDIENCE * (any(topic.is_default for topic in topics) and not has_groups)
    sure -= _FOR_LEAVING_OUT * any(one.is_left_out for one in whom.named)
    sure -= _FOR_NO_AUDIENCE * (not whom.is_said)
    sure -= _FOR_AN_UNREAD_CONDITION * (has_unread or whom.n_unread > 0)
    return max(_LEAST, sure)


def _places_of(whom: Audience) -> list[int]:
    return [one.at for one in whom.named if one.at >= 0 and not one.is_left_out] + [at for _, _, at in whom.places]


def _sentence_at(body: str, at: int) -> str:
    return next(one.words for one in sentences(body) if one.at <= at < one.at + len(one.words))


def _why(whom: Audience, body: str) -> list[Evidence]:
    """The phrases behind the groups, thresholds and townships, as they stand in the text."""
    said = [(one.phrase, one.at, ("不含" if one.is_left_out else "") + one.group.name) for one in whom.named]
    said += [(name, at, name) for _, name, at in whom.places]
    return [Evidence(phrase, "正文", context(body, at, phrase), what) for phrase, at, what in said if at >= 0]
