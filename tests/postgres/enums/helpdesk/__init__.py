"""An app that only tests install, with enum columns of every kind."""
