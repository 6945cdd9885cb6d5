"""The settings that Django's debug pages hide."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Django's filter, which also hides the URLs of databases.

    With runserver, `request.META` contains the environment.
    """

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|DATABASE_(REPLICA_)?URL",
        re.IGNORECASE,
    )
