import os

from django.core.wsgi import get_wsgi_application

from config.serving import log_to_stdout

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
log_to_stdout()
