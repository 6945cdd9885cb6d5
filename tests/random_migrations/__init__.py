"""Random histories of two apps, on which migrate, rollback, restore and verify_schema are checked.

A seed decides a program, which is a list of steps. Each step changes the models of the apps "lab"
and "lab2", or writes a migration by hand. Then makemigrations and migrate run, and every table gets
rows. The modules:

- `world` has the models, `edits` and `handwritten` have the steps, and `rows` inserts the rows.
- `journey` runs the steps of a program, which `programs` builds.
- `oracles` has the conditions that must hold afterwards, and `catalog` reads the database for them.

`make test-random SEEDS=200` tries the seeds from 1 to 200. For each seed that fails, it prints the
steps that the failure needs, with the models and migrations as files to paste.
"""
