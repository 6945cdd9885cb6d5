"""The dashboard and the Schema page of the admin."""
