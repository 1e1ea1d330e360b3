# On a bare machine with Python 3.11 or later:
#
#   make demo                                      on generated reviews
#   make demo CSV=file TEXT=column TARGET=column   on a file of yours
#   make test                                      lint, types, tests and doctests
#   make test-min                                  tests with the lowest versions of others
#   make test-max PYTHON=python3.13                tests with the newest
#   make fuzz                                      5,000 damaged and hostile files
#   make bench                                     speed, against peers it installs
#   make docs                                      the site, in docs/_build/html
#   make docs GALLERY=0                            the same, with examples not run
#
# PYTHON=python3.12 builds .venv with another interpreter.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
BENCH := .venv-bench
DOCS := .venv-docs
GALLERY ?= 1
# Each file of tests in one of as many processes as there are cores, each on one thread.
# In their order, at whose end files are small: nobody waits long for the last one
PYTEST := -m pytest -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder

# Into the recipe by the environment and as they were written, whatever is in them
override export CSV := $(value CSV)
override export TEXT := $(value TEXT)
override export TARGET := $(value TARGET)

.PHONY: demo test test-min test-max fuzz bench docs clean

demo: $(INSTALLED)
	@$(BIN)/python examples/quickstart.py $${CSV:+"--csv=$$CSV"} \
		$${TEXT:+"--text=$$TEXT"} $${TARGET:+"--target=$$TARGET"}

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST)

# N=50000 SEED=1 are others, and more; make test has a few hundred
fuzz: $(INSTALLED)
	$(BIN)/python tests/fuzz.py $(or $(N),5000) $(or $(SEED),0)

# The peers have an environment of their own, half a gigabyte: the package needs none
bench: $(BENCH)/.installed
	@for part in speed scaling latency search tokenizing averaging; do \
		echo "# $$part"; echo; $(BENCH)/bin/python benchmarks/$$part.py; echo; \
	done

# Examples that need real texts are run where SKLSTM_DATA names a folder of them
docs: $(DOCS)/.installed
	$(DOCS)/bin/python -m sphinx -W --keep-going -q -D plot_gallery=$(GALLERY) \
		docs docs/_build/html
	@echo "The site: docs/_build/html/index.html"

# What the ranges of pyproject.toml allow; each takes gigabytes where torch is for CUDA
test-min test-max: test-%: .venv-%/.installed
	OMP_NUM_THREADS=1 .venv-$*/bin/python $(PYTEST)

.venv-%/.installed: pyproject.toml tests/constraints-%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet -c tests/constraints-$*.txt -e ".[test]"
	@touch $@

$(DOCS)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	@touch $@

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
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt -e ".[test]"
	@touch $@

clean:
	rm -rf .venv .venv-min .venv-max $(BENCH) $(DOCS) build *.egg-info .mypy_cache \
		.pytest_cache .ruff_cache .hypothesis docs/_build docs/gallery docs/generated
