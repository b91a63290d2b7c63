"""Chunk ids and raw receipts between processes; losing one costs seconds, never a household.

The ledger's chunk table is the truth: a sweep posts again what is unfinished and unleased.
"""
