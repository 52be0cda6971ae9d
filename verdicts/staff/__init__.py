"""The people who may log in: accounts, sessions, second factors, and the trail of what they did."""
