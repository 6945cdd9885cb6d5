"""Random histories of two apps, on which migrate, rollback, restore and verify_schema are checked.

A seed decides a program, which is a list of steps. Each step changes the models of the apps "lab"
and "lab2", or writes a migration by hand; then makemigrations and migrate run, and every table gets
rows. `world` has the models, `edits` and `handwritten` the steps, `rows` the rows, `catalog` the
contents of the database by queries of its own, `journey` a run of the steps, and `oracles` the
conditions that must hold afterwards.

    make test-random SEEDS=200

tries the seeds from 1 to 200. For each that fails it prints the program, without the steps that the
failure does not need, and the models and migrations as files to paste.
"""
