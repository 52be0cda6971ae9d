"""Tools side by side: under which address, and what a page may conclude of them."""
