"""The ledger: tables, queries and migrations; the only speaker of SQL.

Takes: domain values and ids. Leaves: rows, one transaction a call. Invariant: no transaction is held across the
network; every count in `tally` equals a recount. Never: a provider's name in a branch, a personal value in clear.
"""
