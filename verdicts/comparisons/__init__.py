"""Two to four tools side by side: in which order, and what can honestly be said of them."""
