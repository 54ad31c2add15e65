# Every target works on a fresh clone and again, quickly, on a second run. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

SERVE ?= yes
export SERVE

python := .venv/bin/python
environment := infra/setup/environment.sh

.PHONY: help demo test services check verifier bench bench-retrieval lock lock-check format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: ## install, ingest the sample corpus, ask as three people, verify the log, serve (SERVE=no: end after the checks)
	@$(environment) base
	@exec $(python) infra/demo/run.py

test: ## unit, contract, journey and service tests on all cores (ARGS="-k word" goes to pytest)
	@$(environment) test
	@exec $(python) -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile $(ARGS)

services: ## as root on Debian: install what some tests need (Chromium, a Japanese font)
	@infra/setup/services.sh

check: ## lint, format, types, import directions, locks, licences, telemetry off, reference current
	@$(environment) check
	@infra/checks/run.sh

verifier: ## put appliance-verify into one file for an auditor's own computer: build/appliance-verify.pyz
	@$(environment) base
	@$(python) infra/setup/verifier.py

bench: ## the figures of tests/bench as tables (JSON=FILE: also written there)
	@$(environment) test
	@exec $(python) -m tests.bench

bench-retrieval: ## retrieval quality on DATA=DIR, beside the plain methods
	@$(environment) test
	@exec $(python) -m tests.bench.retrieval

lock: ## write infra/locks from pyproject.toml, pins stay (UPGRADE=all or UPGRADE=NAME moves them)
	@infra/setup/lock.sh

lock-check: ## fail when infra/locks is not what pyproject.toml asks for
	@infra/setup/lock.sh check

format: ## let ruff rewrite what it can
	@$(environment) check
	@$(python) -m ruff check -q --fix . ; $(python) -m ruff format -q .

clean: ## remove environments and everything else that can be made again; the demo's data in var/demo stays
	@rm -rf .venv var/setup build .pytest_cache .mypy_cache .ruff_cache
	@find appliance ingest ui infra tests -name __pycache__ -type d -prune -exec rm -rf {} +
