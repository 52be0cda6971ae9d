"""The readers' ballots: casting them, the ledger, tallies, and what a sample may claim."""
