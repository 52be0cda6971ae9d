"""What people look for: how often pages are viewed, which sites lead to them, and which searches found nothing.

Only counts by day are stored: nothing of who reads.
"""
