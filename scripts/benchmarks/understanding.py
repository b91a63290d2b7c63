"""How well notices are understood: precision and recall of everything that is read out of them, wrong rules by name."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from notifier.domain.rule_forms import explain
from tests.match.notices import KINDS, Score, notices, scores, tree, wrong_rules

PARTS: Mapping[str, str] = {"tuned": "tuned on", "fresh": "never seen while tuning"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A suggestion that a careful reader would not have made."""

    slug: str
    confidence: int
    suggested: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one part of the notices gave."""

    part: str
    n_notices: int
    scores: Mapping[str, Score]
    wrong: Sequence[Wrong]

    def as_json(self) -> dict[str, Any]:
        """Plain, with precision and recall by kind."""
        kinds = {
            kind: {**asdict(score), "precision": score.precision, "recall": score.recall}
            for kind, score in self.scores.items()
        }
        return {
            "part": self.part,
            "n_notices": self.n_notices,
            "kinds": kinds,
            "wrong": [asdict(w) for w in self.wrong],
        }


def run() -> list[Found]:
    """Every part read once."""
    return [
        Found(
            part,
            len(notices(part)),
            scores(part),
            [
                Wrong(notice.slug, one.confidence, explain(one.rule, tree()) if one.rule is not None else "")
                for notice, one in wrong_rules(part)
            ],
        )
        for part in PARTS
    ]


def table(found: Sequence[Found]) -> str:
    """Precision and recall by kind, a block a part, and the wrong suggestions with how sure they were."""
    return "\n\n".join(_block(one) for one in found)


def _block(one: Found) -> str:
    lines = [f"{one.n_notices} notices, {PARTS[one.part]}"]
    lines.append(f"{'read':<10}{'right':>7}{'wrong':>7}{'missed':>8}{'precision':>11}{'recall':>9}")
    for kind in KINDS:
        score = one.scores[kind]
        counts = f"{kind:<10}{score.n_right:>7}{score.n_wrong:>7}{score.n_missed:>8}"
        lines.append(f"{counts}{score.precision:>11.3f}{score.recall:>9.3f}")
    lines.append(f"{len(one.wrong)} wrong suggestions" + (":" if one.wrong else ""))
    lines += [f"  {wrong.confidence:>3} %  {wrong.slug}: {wrong.suggested}" for wrong in one.wrong]
    return "\n".join(lines)
