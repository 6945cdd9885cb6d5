"""Gunicorn's settings, which it reads when it is started in this directory.

Its command line and GUNICORN_CMD_ARGS override them.
"""

import os

wsgi_app = "config.wsgi:application"
bind = "127.0.0.1:8000"
# Workers share the memory of the code, and a wrong setting ends the server instead of one worker
# after the other. New code needs a restart, because a reload would keep the old code.
preload_app = True
# Threads answer health checks while others wait for the database.
worker_class = "gthread"
threads = 4
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
control_socket_disable = True
# Query strings are left out, because searches and filters contain personal data.
accesslog = "-"
access_log_format = "%(h)s %(m)s %(U)s %(s)s %(B)s %(L)s %({x-request-id}o)s"
