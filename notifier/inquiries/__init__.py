"""The desk of inquiries: consultation, complaint, suggestion, and how many were settled.

Takes: what households ask by page, reply or visit.
Leaves: an inquiry with an owner, a deadline and an answer.
Invariant: every inquiry is open, answered or settled, and a region answers for it; the settlement rate counts all.
Never: shows an inquirer's number to somebody outside the inquiry's region.
"""
