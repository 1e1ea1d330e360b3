# On a bare machine with Python 3.11 or later:
#
#   make demo                                      on generated reviews
#   make demo CSV=file TEXT=column TARGET=column   on a file of yours
#   make test                                      lint, types, tests and doctests
#   make bench                                     speed, against peers it installs
#
# PYTHON=python3.12 builds .venv with another interpreter.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
BENCH := .venv-bench

# Into the recipe by the environment and as they were written, whatever is in them
override export CSV := $(value CSV)
override export TEXT := $(value TEXT)
override export TARGET := $(value TARGET)

.PHONY: demo test bench clean

demo: $(INSTALLED)
	@$(BIN)/python examples/quickstart.py $${CSV:+"--csv=$$CSV"} \
		$${TEXT:+"--text=$$TEXT"} $${TARGET:+"--target=$$TARGET"}

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

# The peers have an environment of their own, half a gigabyte: the package needs none
bench: $(BENCH)/.installed
	@for part in speed scaling latency search tokenizing averaging; do \
		echo "# $$part"; echo; $(BENCH)/bin/python benchmarks/$$part.py; echo; \
	done

$(BENCH)/.installed: pyproject.toml constraints.txt benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet -c constraints.txt -e . \
		-r benchmarks/requirements.txt
	@touch $@

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
		"sklstm needs Python 3.11 or later, found " + sys.version.split()[0] \
		+ ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[test]"
	@touch $@

clean:
	rm -rf .venv $(BENCH) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
