"""The campaigns desk: reviewed, launched, paused, resumed, cancelled by people.

Takes: a campaign and a person's decision. Leaves: the campaign's next state, with an audit entry in the same
transaction. Invariant: nobody approves their own draft; content is sealed once approved. Never: a message.
"""
