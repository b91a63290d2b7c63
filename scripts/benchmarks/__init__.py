"""Benchmarks: what a bulk path carries, beside what the same machine could carry at the same moment.

Takes: a number of households. Leaves: ratios, seconds by part, peak memory, and a check that nothing was lost or
doubled. Invariant: every contestant runs in a process of its own, and the stand-in gateway in another.
"""
