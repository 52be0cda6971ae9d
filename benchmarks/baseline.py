"""The yardstick, a Flask view of 12 bytes, and the settings of gunicorn's own threaded worker to serve it with."""

from flask import Flask

from verdicts.app import THREADS_PER_WORKER

worker_class = "gthread"
workers = 2
threads = THREADS_PER_WORKER
reuse_port = True
control_socket_disable = True
keepalive = 5

app = Flask("baseline")
app.add_url_rule("/", view_func=lambda: "twelve bytes")
