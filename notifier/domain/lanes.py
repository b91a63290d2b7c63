"""Lanes: which chunk goes first when several wait."""

from enum import IntEnum


class Lane(IntEnum):
    """The lower goes first; a broadcast never holds up what is below it."""

    URGENT = 0
    """Emergencies that a person permitted to go out at any hour."""
    PAYMENT = 1
    """What was paid to one household."""
    POLICY = 2
    """Broadcasts."""


FAST = Lane.PAYMENT
"""The last lane that has a worker of its own."""
