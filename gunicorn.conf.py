"""How gunicorn serves: addresses and workers from the settings, threads as verdicts.app counts on them."""

import os
from typing import Any

from verdicts import config
from verdicts.app import THREADS_A_WORKER

_settings = config.load(os.environ)

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "gthread"
threads = THREADS_A_WORKER
reuse_port = True  # otherwise keep-alive connections gather on one worker
preload_app = True  # a wrong setting stops the start once, in words, not in every worker
control_socket_disable = True
timeout = 30
graceful_timeout = 20
keepalive = 5
limit_request_line = 4094
limit_request_fields = 60


def post_fork(_server: Any, worker: Any) -> None:
    """Give each worker database connections of its own: those opened before the fork belong to the parent."""
    from verdicts.extensions import db

    with worker.app.wsgi().app_context():
        db.engine.dispose(close=False)
