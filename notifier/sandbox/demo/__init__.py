"""The whole job on a county that does not exist, driven from outside as an operator drives it, and proved.

Takes: a number of households and an empty folder. Leaves: a story on the terminal, and a JSON line of what was owed,
told and proved. Invariant: the service is touched only through its command line and its HTTP doors, and what it claims
is held against the sandbox's own record and the county's own truth. Never: a process left behind, a real person.
"""
