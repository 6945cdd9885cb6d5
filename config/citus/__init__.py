"""distribute: place the tables on a Citus cluster as the models declare, and take them back."""
