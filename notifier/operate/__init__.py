"""The desk of the operator: doctor, backup, retention, alerts, canary.

Takes: the settings, the ledger and the state of the doors.
Leaves: findings in sentences with their mend, backups that were read back, and purged rows.
Invariant: a check changes nothing; a purge touches only what its retention names.
Never: prints a secret or personal data, not even to say that it is wrong.
"""
