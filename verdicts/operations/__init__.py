"""What keeps an installation running for years: its jobs and what became of them."""
