# Two commands do all the set-up: `make demo` and `make test`.
# Paths are relative, so the folder's own path may contain spaces.

PYTHON ?= python3
REPORT := kernelstab-report

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# Which tests, all by default; and how processes share them: see tests/conftest.py.
TESTS :=
SHARED := -n logical --dist loadgroup --no-loadscope-reorder

# Studies compare on one thread. Those against other packages run in an environment that holds them.
STUDY := accuracy kernel wavelet_choice solvers
CELLS :=
PEERS := .bench
PEERS_PIP := $(PEERS)/bin/python -m pip --disable-pip-version-check --no-input
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1

# Only what the environment holds is used, never packages of the user or another environment.
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME

.PHONY: help demo test lab notebooks lint bench fuzz clean

help:  ## print this list
	@echo "usage: make TARGET [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.core  ## install what is needed, audit the shipped map, write a report
	@$(BIN)/kernelstab audit --out $(REPORT)

test: $(VENV)/.full  ## run all tests, notebooks included, one process per processor
	@$(ONE_THREAD) $(BIN)/python -m pytest -q $(SHARED) $(TESTS)

lab: $(VENV)/.full  ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

notebooks: $(VENV)/.full  ## execute all notebooks again, in place
	@$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
	  --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.coalesce_streams=True \
	  --ExecutePreprocessor.timeout=600 notebooks/*.ipynb

lint: $(VENV)/.full  ## check style and types
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy

bench: $(addprefix bench-,$(STUDY))  ## run the studies, or one: STUDY=solvers CELLS="lasso tv"

bench-solvers: $(PEERS)/.ready
	@echo "== solvers"
	@$(ONE_THREAD) $(PEERS)/bin/python benchmarks/solvers.py $(CELLS)

bench-%: $(VENV)/.full
	@echo "== $*"
	@$(ONE_THREAD) $(BIN)/python benchmarks/$*.py

# Not a test: a search for inputs that crash, hang or deceive. N=100000 takes hours.
N := 2000

fuzz: $(VENV)/.full  ## forge certificates, weights and matrices, and judge what is accepted: N=2000
	@$(ONE_THREAD) $(BIN)/python fuzz/run.py --count $(N)

clean:  ## remove what the other targets wrote, but keep the environment
	@rm -rf $(REPORT) build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# Stamps: each is newer than what it was made from, so that a second run has nothing to do.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "kernelstab needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1)."; \
	  echo "Name another one: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making the environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu it is in the package python3-venv."; exit 1; }

$(VENV)/.core: pyproject.toml | $(BIN)/python
	@echo "Installing kernelstab and what it needs (one to two minutes)"
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.full: pyproject.toml | $(VENV)/.core
	@echo "Installing what the tests and notebooks need (about a minute)"
	@$(PIP) install --quiet --editable ".[dev,notebook]"
	@touch $@

# A peer that cannot be installed here is left out, and the study says so. Adelie forbids the numpy that it
# works with, so its bounds are not asked.
$(PEERS)/.ready: benchmarks/peers.txt pyproject.toml | $(BIN)/python
	@echo "Making the environment $(PEERS) with the peers of the studies (several minutes)"
	@$(BIN)/python -m venv $(PEERS)
	@$(PEERS_PIP) install --quiet --editable .
	@while read -r peer options; do \
	  $(PEERS_PIP) install --quiet $$options "$$peer" < /dev/null || echo "$$peer could not be installed"; \
	done < benchmarks/peers.txt
	@touch $@
