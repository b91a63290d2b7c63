"""The tracking room: what came back, or did not, decides where each message and household stands.

Takes: stored pushes; chunks whose receipt window is over; what officers report. Leaves: delivered, failed and silent
messages; reached households; setbacks for `compose`; finished campaigns. Invariant: the final state equals that of an
in-order replay, whatever the order and repetition. Never: a guess; silence is recorded as silence.
"""
