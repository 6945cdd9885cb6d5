"""distribute: move the tables to a Citus cluster, as the models declare, or back to one server."""
