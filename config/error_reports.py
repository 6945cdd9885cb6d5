"""The settings that Django's debug pages hide."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Django's filter, extended to hide the URLs of databases.

    With runserver, `request.META` contains the environment variables.
    """

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|DATABASE_(REPLICA_)?URL",
        re.IGNORECASE,
    )
