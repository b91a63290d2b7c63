"""Stand-in gateways that speak the real wire, and a synthetic county.

They verify what the real ones verify with their own code, keep their own record of what each handset received,
and misbehave on demand. They never import the channels or the ledger: otherwise they would prove nothing.
"""
