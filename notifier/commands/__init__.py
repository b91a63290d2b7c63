"""The command line, a module for each kind of work; every command can answer in JSON.

Takes: what a person typed. Leaves: one answer, as text for people or as one JSON line. Invariant: an error is one
sentence that says how to mend it, and exit code 1. Never: a personal value on the terminal.
"""
