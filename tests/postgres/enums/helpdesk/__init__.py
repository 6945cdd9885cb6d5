"""An app that only tests install: enum columns in every shape that the platform may come to."""
