"""Tools in order, by panel and by readers, and never in an order that the figures do not carry."""
