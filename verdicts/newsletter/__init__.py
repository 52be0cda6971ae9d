"""Subscribers: signing up, confirming, preferring, following, leaving, and being left alone afterwards."""
