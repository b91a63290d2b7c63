"""The operating desk: is the service well, and what must be mended.

Takes: the ledger, the channels, the clock. Leaves: findings in sentences. Invariant: looks and changes nothing.
Never: a personal value in a finding.
"""
