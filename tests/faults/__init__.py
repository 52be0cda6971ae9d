"""What must hold while things break: workers die, the database is locked or away, the disk is full.

Each test has a short form, which runs with all others, and some a long one, for which `make faults` sets FAULTS=long.
"""

import os

IS_LONG = os.environ.get("FAULTS") == "long"
