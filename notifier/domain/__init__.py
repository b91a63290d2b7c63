"""Pure nouns, outcomes, errors, settings slices and contracts; imports nothing of ours and does no input or output.

Takes: values. Leaves: values. Invariant: every value is frozen; every odd edge of a life cycle is a row in `lifecycle`.
Never: a database, a socket, a clock of its own, a log line.
"""
