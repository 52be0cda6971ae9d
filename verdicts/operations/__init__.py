"""What keeps an installation running for years: the worker's jobs, and backups."""
