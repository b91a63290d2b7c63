"""A stand-in for Tencent Cloud SMS (sms 2021-01-11): TC3 signatures, a status a number, callbacks and pulls.

Order of verification: method, action and version, timestamp, key, signature, requests a second, the body; then each
number by itself. Where the real behaviour is not documented, the choice is a setting or is named where it is made.
"""
