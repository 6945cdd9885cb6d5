"""The features of PostgreSQL that the project relies on."""

from django.db.backends.postgresql import features


class DatabaseFeatures(features.DatabaseFeatures):
    """The features that PostgreSQL has in every supported version."""

    # PostgreSQL 18 has them, but the schema must also work on 15. Django would connect to find
    # out the version, and `check` must not need a server.
    supports_virtual_generated_columns = False
