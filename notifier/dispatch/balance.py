"""Shares in per cent and how they move: away from what is bad, and back to rest; pure.

Invariant: shares are never negative and add up to 100.
"""

from collections.abc import Collection, Mapping

WHOLE = 100


def apportion(weights: Mapping[str, int], whole: int = WHOLE) -> dict[str, int]:
    """`whole` split by the weights, the largest remainders rounded up; evenly when all are nought. Not of nobody."""
    total = sum(weights.values())
    of = dict(weights) if total else dict.fromkeys(weights, 1)
    total = total or len(of)
    parts = {name: weight * whole // total for name, weight in of.items()}
    by_remainder = sorted(of, key=lambda name: (-(of[name] * whole % total), name))
    for name in by_remainder[: whole - sum(parts.values())]:
        parts[name] += 1
    return parts


def away(shares: Mapping[str, int], rest: Mapping[str, int], bad: Collection[str], step: int) -> dict[str, int]:
    """Up to `step` points of each bad gateway are the good ones', split by their rest; nothing when all are bad."""
    good = [name for name in shares if name not in bad]
    if not good:
        return dict(shares)
    moved = dict(shares)
    for name in bad:
        points = min(step, moved[name])
        moved[name] -= points
        for other, part in apportion({one: rest[one] for one in good}, points).items():
            moved[other] += part
    return moved


def back(shares: Mapping[str, int], rest: Mapping[str, int], step: int) -> dict[str, int]:
    """`step` points nearer to rest, or at rest when it is nearer than that."""
    over = {name: max(0, share - rest[name]) for name, share in shares.items()}
    under = {name: max(0, rest[name] - share) for name, share in shares.items()}
    points = min(step, sum(over.values()))
    if not points:
        return dict(shares)
    take, give = _within(over, points), _within(under, points)
    return {name: share - take[name] + give[name] for name, share in shares.items()}


def _within(room: Mapping[str, int], points: int) -> dict[str, int]:
    """`points` split by room, nobody more than their room; `points` is at most all the room."""
    parts = apportion(room, points)
    spare = sum(max(0, part - room[name]) for name, part in parts.items())
    parts = {name: min(part, room[name]) for name, part in parts.items()}
    for name in sorted(parts):
        more = min(spare, room[name] - parts[name])
        parts[name] += more
        spare -= more
    return parts
