# Two commands matter: `make run` and `make test`. Both do all the set-up the first time.
VENV ?= .venv
PY = $(VENV)/bin/python
ARGS ?=
# A real X server without a screen, where there is one; tests that need it say so otherwise.
XVFB = $(shell command -v xvfb-run >/dev/null 2>&1 && echo 'xvfb-run -a -s "-screen 0 1600x1000x24"')

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run demo test lint doctor clean

help: ## show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv, install the packages, see to system libraries
	@python=$$(sh scripts/find_python.sh) && "$$python" scripts/setup.py --venv $(VENV)

setup-dev: ## the same, and what tests and checks need
	@python=$$(sh scripts/find_python.sh) && "$$python" scripts/setup.py --dev --venv $(VENV)

run: setup ## start the app; options in ARGS, as in: make run ARGS="--demo"
	@$(PY) app.py $(ARGS)

demo: setup ## play the demo clip through the pipeline without a window, into out/
	@$(PY) app.py --no-window $(ARGS)

test: setup-dev ## run the tests; ARGS="-k name" runs some, ARGS="-m long" the long ones
	@$(XVFB) $(PY) -m pytest $(ARGS)

lint: setup-dev ## check style and types
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

doctor: setup ## check this machine and say how to mend what is wrong
	@$(PY) -m facecam doctor $(ARGS)

clean: ## remove .venv, out/ and the caches of the checks; runs/ and .cache/ stay
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache
