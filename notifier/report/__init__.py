"""state -> Tally: how many were owed, reached, unreached and why.

Takes: the fact table that is kept in step with every batch.
Leaves: tallies by level, channel, subsidy, township, village and day, masked drill-downs, and exports.
Invariant: reached + unreached + excused + pending = owed, checked each time; rates are floored, 0/0 is a dash.
Never: divides by messages sent, or shows a name, number or id unmasked.
"""
