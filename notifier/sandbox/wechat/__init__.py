"""A stand-in for a WeChat official account: access tokens, template messages, followers, and the message server.

Every answer is HTTP 200 with an errcode; errmsg ends in a rid, so nobody can compare it for equality.
Choices where the platform does not say: a repeated client_msg_id is answered with the first msgid; a keyword that
the template does not have, or that is missing, is 47003; a force_refresh too soon is 45011.
"""
