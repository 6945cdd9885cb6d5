"""What the pages for debugging hide."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Django's filter, which also hides the URLs: runserver has them among a request's values."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|DATABASE_(REPLICA_)?URL",
        re.IGNORECASE,
    )
