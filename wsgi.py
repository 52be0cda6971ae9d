"""The WSGI entry point: what gunicorn serves and the flask command finds."""

import sys

from verdicts import create_app
from verdicts.config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
