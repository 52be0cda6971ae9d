"""The weekly digest: what goes into an edition, who gets it, and sending it once."""
