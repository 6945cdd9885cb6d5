"""The dashboard of the admin and its Schema page."""
