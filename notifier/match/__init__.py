"""Benefit x registry -> Owed, with the reason.

Takes: benefits that have passed their audits or review, and their rules or payment lines.
Leaves: one `Owed` row per campaign and household, with why it matched; ambiguous and unknown lines queued for a person.
Invariant: every line is owed, excused or queued, and the three add up; planning again adds nothing.
Never: looks at whether a household can be reached - one without a phone is owed all the same.
"""
