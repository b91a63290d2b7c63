"""How long a message waits that could not leave: longer each time, never in step with its neighbours, not for ever."""

from datetime import timedelta

_LONGEST = timedelta(hours=1)
_MOST_DOUBLINGS = 12
_SPREAD = 0.2


def stretched(delay: timedelta, n_waits: int, luck: float) -> timedelta:
    """The delay after `n_waits` earlier ones: doubled each time up to an hour, and by `luck` (0..1) up to a fifth more.

    One that was longer than an hour from the start (a daily quota) stays as it is.
    """
    if delay >= _LONGEST:
        return delay
    doubled: timedelta = min(delay * 2 ** min(n_waits, _MOST_DOUBLINGS), _LONGEST)
    return doubled * (1 + _SPREAD * luck) if n_waits else doubled


def luck_of(number: int) -> float:
    """0 ≤ luck < 1, the same for the same number and spread evenly over neighbouring ones."""
    return number * 2_654_435_761 % 2**32 / 2**32
