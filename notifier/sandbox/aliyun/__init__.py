"""A stand-in for Aliyun SMS (Dysmsapi 2017-05-25): RPC V1 and V3 (ACS3) signatures, its refusals and receipts.

Order of verification: method, Version and Action, common parameters, timestamp, AccessKey, signature, nonce,
flow of requests, the action's own parameters, and only then the business rules.
Where the real behaviour is not documented, the choice is a setting or is named in the module that makes it.
"""
