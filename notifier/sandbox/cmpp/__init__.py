"""A stand-in for a carrier's CMPP gateway (ISMG), 2.0 and 3.0: authenticators, exact sizes, a window of 16, reports.

It speaks TCP on a port of its own, with its own code for every PDU. One account; a text in parts is one row of the
record once its last part came, and each part has its report. Where the real behaviour is not documented, the choice
is a setting or is named where it is made.
"""
