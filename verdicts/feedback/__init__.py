"""What readers report: prices that look wrong, and other corrections."""
