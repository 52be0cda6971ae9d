"""The catalogue file: its format, and how its records become rows and rows become records."""
