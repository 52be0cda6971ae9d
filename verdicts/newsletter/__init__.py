"""Subscribers: sign-up, confirmation, preferences, leaving, bounces and suppression."""
