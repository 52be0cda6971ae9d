"""What readers tell us: that a price looks wrong, and what else should be corrected."""
