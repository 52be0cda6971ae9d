"""The weekly digest: what an edition holds, who gets it, and sending it once."""
