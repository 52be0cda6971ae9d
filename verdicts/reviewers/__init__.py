"""The reviewers' own pages: who each of them is, what their record says, and their reviews."""
