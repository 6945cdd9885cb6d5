# Targets write only to .venv/ and to the database, except `lock`. All paths are relative, because
# the project's path may contain spaces.

py := .venv/bin/python
ARGS ?=
SEEDS ?= 100

.PHONY: up setup admin test test-drift test-random lint lock help

up: setup ## install, start PostgreSQL, migrate, print a summary of the database (plain `make`)
	@$(py) manage.py migrate --verbosity 0
	@$(py) manage.py overview

setup: .venv/installed ## only install the locked packages into .venv

admin: setup ## migrate, fill an empty database with demo data, make an account, open the admin site
	@$(py) manage.py migrate --verbosity 0
	@$(py) manage.py seed_demo --if-empty
	@$(py) manage.py make_admin
	@$(py) manage.py runserver $(ARGS)

# Let the tests write bytecode, because otherwise each of their processes compiles the whole project.
test test-drift test-random: export PYTHONDONTWRITEBYTECODE :=

test: setup ## run the tests; make test ARGS="-k enum" passes arguments to pytest
	@$(py) -m pytest -n auto --dist worksteal $(ARGS)

test-drift: setup ## change the schema in over a thousand ways; each change must be found and repaired
	@DRIFT_MUTATIONS_OF_A_KIND=10 $(py) -m pytest -n auto --dist worksteal tests/drift $(ARGS)

test-random: setup ## try random migrations, from seed 1 to SEEDS: make test-random SEEDS=200
	@RANDOM_SEEDS=$(SEEDS) $(py) -m pytest -n auto --dist worksteal tests/random_migrations $(ARGS)

lint: setup ## check style, types and imports
	@$(py) -m ruff check
	@$(py) -m ruff format --check
	@$(py) -m mypy .
	@.venv/bin/lint-imports --no-logo --no-cache

lock: ## write the lock files; make lock ARGS=--upgrade takes the newest versions (needs uv)
	@$(compile) --output-file requirements.txt
	@$(compile) --group dev --constraints requirements.txt --output-file requirements-dev.txt

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

compile = UV_CUSTOM_COMPILE_COMMAND='make lock' uv pip compile --quiet $(ARGS) pyproject.toml \
	--extra server --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate

# make-venv creates this file last, so that an interrupted installation starts again. If the Python of
# .venv no longer works, the packages are also installed again.
ifneq ($(shell $(py) -c "import django" >/dev/null 2>&1 && echo works),works)
.PHONY: .venv/installed
endif
.venv/installed: requirements-dev.txt
	@sh .ci/make-venv
