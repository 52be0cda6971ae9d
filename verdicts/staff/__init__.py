"""The people who may log in: accounts, sessions, second factors, and the audit log of what they did."""
