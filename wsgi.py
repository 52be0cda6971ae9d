"""The WSGI entry point for gunicorn and the flask command."""

import gc
import sys

# What is imported stays: looking through it for garbage again and again would take a fifth of each start.
gc.disable()

from verdicts import create_app  # noqa: E402
from verdicts.config import SettingsError  # noqa: E402

try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
except OSError as error:  # the instance folder cannot be used
    sys.exit(f"{error.filename or 'A file of the site'}: {error.strerror or error}")

gc.enable()
gc.freeze()  # also for gunicorn's workers, which share its memory until they write to it
