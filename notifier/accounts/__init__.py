"""The desk of accounts: users, roles, region scope, audit.

Takes: credentials, and the permission a deed asks for.
Leaves: a session, a yes or no, and an audit row for every reveal and decision.
Invariant: a user sees only the region in their scope and below; passwords are kept only as argon2 hashes.
Never: tells a wrong name from a wrong password.
"""
