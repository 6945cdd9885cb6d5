"""What the project takes PostgreSQL to be capable of."""

from django.db.backends.postgresql import features


class DatabaseFeatures(features.DatabaseFeatures):
    # PostgreSQL 18 has them, but the schema has to work on 15, too; and Django would have to
    # connect to find out, where `check` should need no server.
    supports_virtual_generated_columns = False
