"""A letter becomes a message and is handed to SMTP, or waits in the outbox until it can be."""
