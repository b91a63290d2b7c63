"""Owed -> Message: who is told, through which channel, with which words.

Takes: owed rows that have no message for their present ladder step.
Leaves: `Message` rows (person, channel, template, parameters), linted, with segments and cost, gathered in chunks.
Invariant: one message per owed, person, channel, ladder step and number version.
Never: puts a full id or card number into a text, or sends anything.
"""
