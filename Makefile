# The verbs of the house. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help install demo test coverage lint chaos bench up clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 16

install: $(STAMP) ## create .venv and install everything, pinned by constraints.txt
$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv (the first time takes a few minutes)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## run the main job on an embedded Redis: no key, no network
	@$(BIN)/farthing demo

up: $(STAMP) ## start the fleet on this machine (OPENAI_API_KEY for the real provider)
	@$(BIN)/farthing up

# Those that start fleets of processes run one after the other: each of them wants the whole machine.
test: lint ## lint, type-check and run every test
	@$(BIN)/pytest -n 2 --dist loadfile -m "not acceptance"
	@$(BIN)/pytest -m acceptance

coverage: $(STAMP) ## which lines no test runs through, of what runs in the tests' own process (a quarter of an hour)
	@$(BIN)/python -m coverage run -m pytest -m "not acceptance"
	@$(BIN)/python -m coverage report --skip-covered --sort=-cover | tail -n 40

lint: $(STAMP) ## ruff, mypy --strict, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

chaos: $(STAMP) ## break a fleet on purpose, and count what its callers saw (ten minutes)
	@$(BIN)/python -m tests.chaos

bench: $(STAMP) ## measure speed, side by side in one run
	@$(BIN)/python -m tests.benchmarks

clean: ## remove .venv and caches
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage dist build
