"""Health checks, request ids and logs of the running site."""

from config.serving.logs import JsonFormatter, TextFormatter, log_to_stdout
from config.serving.probes import health_checks
from config.serving.request_ids import request_ids

__all__ = ["JsonFormatter", "TextFormatter", "health_checks", "log_to_stdout", "request_ids"]
