# Everything a person or a script does with this project. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The Python of this clone, whatever the shell says of others; and without PYTHONSAFEPATH it finds the clone's modules.
unexport PYTHONSAFEPATH PYTHONPATH PYTHONHOME

# What was typed after make, as quoted options: LAKE=lake is --lake='lake'. An exported variable is none, a dollar is a letter.
define newline


endef
quoted = '$(subst ','\'',$(1))'
option = --$(shell printf %s $(call quoted,$(1)) | tr A-Z_ a-z-)=
argument = $(if $(findstring $(newline),$(value $(1))),$(error $(1): found a line break, allowed is one line),$(call quoted,$(option)$(value $(1))))
typed = $(foreach name,$(filter-out PYTHON VENV BIN PIP,$(.VARIABLES)),$(if $(and $(filter command,$(origin $(name))),$(value $(name))),$(name)))
arguments = $(foreach name,$(typed),$(call argument,$(name)))
own = echo "The user $$(id -un) may not $(1) $$PWD: clone the project into a directory of that user's own"; exit 1
# In place of the shell, so that a signal to make reaches it.
script = test -x $(BIN)/python || { $(call own,run the Python of); }; exec $(BIN)/python -m $(1) $(arguments)

# Each is a command of `python -m cli`, which says what it does.
COMMANDS := run ui data query rejected publish unlock maintain env health history

.DEFAULT_GOAL := help
.PHONY: help $(COMMANDS) test test-browser test-stack test-faults test-operations check audit sbom format bench bench-daily \
  picture lock clean

help: ## List the targets
	@{ sed -nE 's/^    "([a-z]+)": "(.+)",$$/\1|\2/p' cli/__main__.py; grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1|/'; } \
	  | while IFS='|' read -r name text; do printf 'make %-16s %s\n' "$$name" "$$text"; done
	@echo "The options of a command follow it, NAME=value: make run INPUT=log.tsv TOP_SONGS=5"
	@echo "All of them, with their defaults: $(BIN)/python -m cli run --help"

$(COMMANDS): $(VENV)/runtime
	@$(call script,cli $@)

test: $(VENV)/development ## Run the tests of rules, Spark, Airflow and the whole DAG
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered

test-browser: $(VENV)/development ## Run the tests that drive a Chromium, Debian's own (installed if need be, as root)
	@$(BIN)/python -m pytest tests/browser -m browser

test-stack: $(VENV)/development ## Run the tests that bring up the whole stack: PostgreSQL (installed if need be, as root), Airflow, Spark
	@$(BIN)/python -m pytest tests/stack -m stack

test-faults: $(VENV)/development ## Run the tests that inject faults: kills, full disks, damaged files, other clocks
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/faults -m "faults and not long"

test-operations: $(VENV)/development ## Run every command of docs/operations.md (needs PostgreSQL, as above), the UI, and the longest runs of the DAG
	@$(BIN)/python -m pytest tests/docs tests/end_to_end tests/cli -m operations

check: $(VENV)/development ## Lint, formatting, types, imports, schemas and, where there is a network, the dependencies
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m spark_jobs.json_schema --check && $(BIN)/python -m include.report.json_schema --check
	@$(BIN)/python -m include.deployment.generated --check
	@$(BIN)/python -m cli.audit --if-reachable

audit: $(VENV)/development ## Look the pinned dependencies up among the known vulnerabilities (OSV_URL=another service)
	@$(call script,cli.audit)

sbom: $(VENV)/development ## Write the dependencies as a CycloneDX bill of materials, .build/sbom.cdx.json
	@mkdir -p .build
	@PYTHONWARNINGS=ignore::UserWarning $(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.txt --pyproject pyproject.toml \
	  --output-reproducible --output-format JSON --output-file .build/sbom.cdx.json

format: $(VENV)/development ## Mend what `make check` can mend by itself
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .
	@$(BIN)/python -m spark_jobs.json_schema && $(BIN)/python -m include.report.json_schema
	@$(BIN)/python -m include.deployment.generated

bench: $(VENV)/development ## Measure a DAG, also on a cluster, and what it is compared with (LOG=shop EVENTS=1000000 REPEATS=3 ONLY="dag,duckdb whole work")
	@$(call script,benchmarks.compare)

bench-daily: $(VENV)/development ## Measure what a day costs beside a full run (LISTENS=1000000 DAYS=30)
	@$(call script,benchmarks.daily)

picture: $(VENV)/development ## Take docs/report.png, the README's picture of the report, from a run on the sample
	@$(BIN)/python -m tests.browser.picture

lock: $(VENV)/development ## Pin the dependencies of requirements.in and requirements-dev.in anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean: ## Remove what the targets above made, but no lake
	rm -rf $(VENV) .jars .java .airflow .build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(VENV)/runtime: requirements.txt
	@test -w . || { $(call own,write to); }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"found Python {sys.version.split()[0]}, needed is 3.11 or newer; say which with PYTHON=python3.11")'
	@echo "Installing the dependencies into $(VENV), once: about two minutes ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install -r requirements.txt
	@$(BIN)/python -m include.deployment.jars >/dev/null
	@echo "Archiving the classes of Spark, once, so that it starts faster: up to a minute ..."
	@$(BIN)/python -m cli.class_archive
	@touch $@

$(VENV)/development: $(VENV)/runtime requirements-dev.txt include/deployment/jars.py
	@test -w . || { $(call own,write to); }
	@$(PIP) install -r requirements-dev.txt
	@$(BIN)/python -m include.deployment.jars --s3 >/dev/null
	@touch $@
