"""The dispatching room: ready messages leave by a gateway, once.

Takes: open chunks of running campaigns; unsure attempts. Leaves: accepted, failed, postponed or unsure messages, each
call with its attempt row written before the bytes. Invariant: a message that a gateway may have is never sent again
unless the gateway itself says that it has no such message. Never: a transaction held across the network.
"""
