# Everything a newcomer needs; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := examples/pygame

.DEFAULT_GOAL := help
.PHONY: help setup demo play test check bench proto clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(VENV)/.ready ## make .venv with everything in it (CPU PyTorch, OpenVINO, tools)

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "installing into $(VENV) (about 2 minutes the first time)"
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

test: setup ## the fast tests
	$(BIN)/python -m pytest

check: setup ## ruff, mypy strict, generated code up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python proto/generate.py --check

proto: setup ## regenerate sdk/streamdit/wire from proto/
	$(BIN)/python proto/generate.py

clean: ## remove what make made
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache
