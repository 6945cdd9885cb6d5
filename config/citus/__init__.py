"""distribute: the tables on a Citus cluster, where the models declare them, and back."""
