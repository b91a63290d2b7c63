"""The composing room: what was planned, or set back, becomes messages that can be sent.

Takes: owed rows without a first rung; setbacks. Leaves: ready messages in open chunks with their sealed notice; or an
unreached owed with an open visit. Invariant: a chain (household x person x retry) has one message a rung and medium.
Never: a message for a household that was already reached; an amount cut short; a payment's text on a shared phone.
"""
