import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from config.console import explain
from config.serving import log_to_stdout

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.exit(f"{__name__}: {explain(error)}")  # otherwise gunicorn prints a traceback
log_to_stdout()
