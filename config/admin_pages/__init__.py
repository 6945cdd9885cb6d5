"""The admin's dashboard and its Schema page."""
