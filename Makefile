# `make help` lists the targets. Everything is set up on demand: Python 3.11 and make are enough.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-cluster setup-bench batch test test-slow check check-office check-wheel coverage mutants simulate-crashes guards bench bench-large bench-cluster docs screens format clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
RUN_READY := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make batch CONFIG=configs/demo.yaml              run or go on with a batch"
	@echo "  make batch CONFIG=configs/demo.yaml ARGS=--json  pass on flags of 'pipeline run'"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV): the first time takes a minute …" >&2
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_READY): requirements-dev.lock $(RUN_READY)
	@echo "Setting up what the tests need …" >&2
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(RUN_READY) $(TEST_READY) ## set up .venv for running and for testing

setup-cluster: $(RUN_READY) ## set up .venv for a ledger that several machines share
	@$(PIP) --require-hashes -r requirements-cluster.lock

setup-bench: $(RUN_READY) ## set up .venv with the peers that `make bench` compares with
	@$(PIP) --require-hashes -r requirements-bench.lock

batch: $(RUN_READY) ## run or go on with a batch: CONFIG=configs/demo.yaml ARGS="…"
	@$(if $(CONFIG),,echo "Which batch? Say: make batch CONFIG=configs/demo.yaml" >&2; exit 2;) exec $(BIN)/pipeline run "$(CONFIG)" $(ARGS)

# One more than the two cores: many tests wait for a process or for the disk, and each worker imports all anew.
WORKERS ?= 3
# Each time in another order; a failed one is had again by its number.
ORDER := $(or $(ORDER),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
# Without its bytecode the program is compiled anew by each of the many interpreters that the tests start.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(TEST_READY) ## run the tests in any order; say which were left out for lack of something, and the slowest
	@echo "The tests run in this order: make test ORDER=$(ORDER)"
	@$(BIN)/pytest -q -rs -n $(WORKERS) --randomly-seed=$(ORDER) --durations=10 -m "not slow" $(ARGS)

test-slow: export PYTHONDONTWRITEBYTECODE :=
test-slow: $(TEST_READY) ## run the tests that take seconds each, which `make test` leaves out: two minutes
	@$(BIN)/pytest -q -rs -n $(WORKERS) --randomly-seed=$(ORDER) -m slow $(ARGS)

check: $(TEST_READY) ## format, lint, types, layers
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

check-office: $(TEST_READY) ## see that LibreOffice shows the same values before and after
	@command -v soffice >/dev/null || { echo "LibreOffice is missing: install it (on Debian: apt-get install libreoffice-calc)" >&2; exit 2; }
	@$(BIN)/pytest -q tests/office/check_office.py

check-wheel: $(TEST_READY) ## install the wheel in an environment of its own, and use it there
	@$(BIN)/pytest -q tests/installed/check_wheel.py

# Hypothesis takes the same examples each time, so that no branch is met by luck.
coverage: $(TEST_READY) ## see that the tests of the core take every branch of it
	@$(BIN)/coverage run -m pytest -q --hypothesis-seed=0 tests/core
	@$(BIN)/coverage report

format: $(TEST_READY) ## mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

N ?= 10000
SEED ?= 1
simulate-crashes: $(TEST_READY) ## live N=10000 lives of a batch from SEED=1 on: 300 are in `make test` and `make test-slow`
	@$(BIN)/python -m tests.simulation $(SEED) $(N)

SAMPLE ?= 150
mutants: $(TEST_READY) ## break core, ledger and writer in SAMPLE=150 small ways, from SEED=1, and see that tests notice
	@$(BIN)/python -m tests.mutants $(SEED) $(SAMPLE)

guards: $(TEST_READY) ## write docs/guards.md: what breaks without each guard
	@$(BIN)/python -m tests.simulation.guards

bench: $(TEST_READY) ## measure, and print one table of ratios: under ten minutes; `make setup-bench` first
	@$(BIN)/python benchmarks/together.py

bench-large: $(TEST_READY) ## print what a CSV file of a million rows costs
	@$(BIN)/python benchmarks/together.py large

bench-cluster: $(TEST_READY) ## kill workers that share a Postgres, and measure their pace: 20 minutes
	@$(BIN)/python benchmarks/cluster.py --rows 20000 --kills 20
	@! $(BIN)/python benchmarks/cluster.py --kills 4 --seed 1 --without-fence 2>/dev/null
	@$(BIN)/python benchmarks/cluster_rate.py --rows 1500 --rate 1200/min
	@$(BIN)/python benchmarks/cluster_rate.py --rows 400 --rate 10/s
	@$(BIN)/python benchmarks/cluster_in_flight.py

docs: $(TEST_READY) ## write anew what the pages hold of the program: helps, keys, features, picture
	@$(BIN)/python -m docs.making

screens: $(TEST_READY) ## take the pictures of report and live page anew: needs Chromium
	@$(BIN)/python -m docs.making.screens

clean: ## remove .venv and what the tools leave behind; ledgers and outputs stay
	@rm -rf $(VENV) mutants .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
