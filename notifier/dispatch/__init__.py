"""Message -> Attempt: what is ready is sent, once.

Takes: chunks whose lease is free, and messages left `sending` by a process that died.
Leaves: an `Attempt` for every message and its outcome: accepted, refused, postponed or unsure.
Invariant: the ledger says `sending` with the out_id before the bytes leave; no transaction spans the network.
Never: sends again what is unsure - the provider is asked, or its receipt settles it.
"""
