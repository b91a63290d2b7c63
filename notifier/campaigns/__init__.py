"""The desk of campaigns: draft, review, schedule, pause, resume, cancel.

Takes: a benefit or an administrator's draft, and the decisions of reviewers.
Leaves: a campaign in its next state, with who decided, when and why.
Invariant: only the transitions of the campaign table happen; nothing runs before its review is complete.
Never: plans or sends - the rooms do when the campaign says running.
"""
