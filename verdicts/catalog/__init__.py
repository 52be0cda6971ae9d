"""Tools and what the panel says of them: categories, reviewers, reviews and their history, facts and prices."""
