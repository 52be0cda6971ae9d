"""Letters: rendered from templates, composed as messages, queued in the outbox, and sent over SMTP."""
