"""The settings that Django's debug pages hide."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Django's filter, extended to the URLs of databases, which runserver adds to a request."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|DATABASE_(REPLICA_)?URL",
        re.IGNORECASE,
    )
