"""A stand-in for 移动云MAS over HTTP: base64 bodies, macs over the exact texts, norsubmit, tmpsubmit, pushed reports.

It knows no reference of the sender's and answers no questions. No official manual is public: what is not in the
public recipe is a setting, or is named in the module that chooses it.
"""
