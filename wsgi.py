"""The WSGI entry point for gunicorn and the flask command."""

import sys

from verdicts import create_app
from verdicts.config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
except OSError as error:  # the instance folder cannot be used
    sys.exit(f"{error.filename or 'A file of the site'}: {error.strerror or error}")
