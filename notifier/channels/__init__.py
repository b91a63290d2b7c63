"""The door out: one folder per provider, in one visible list.

A folder is its provider card (`__init__`), `protocol.py` (pure build, read, verify), its codes table and `channel.py`.
"""
