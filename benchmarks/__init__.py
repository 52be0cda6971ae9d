"""How fast the site is, as ratios: rounds taken in turn in one run, as only they can be compared."""
