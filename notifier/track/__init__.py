"""Receipt and silence -> state, next ladder step, visits.

Takes: raw receipts in any order, late, repeated or unknown, and messages whose window has closed.
Leaves: messages in a confirmed state, owed rows reached or unreached with a reason, and visits for the last step.
Invariant: order and repetition never matter; a late delivery wins over a failure or silence.
Never: takes acceptance by a gateway for evidence that somebody was reached.
"""
