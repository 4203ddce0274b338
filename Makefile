# Two commands are all one needs: `make tour` and `make test`.
# They set up .venv by themselves, once; `make PYTHON=python3.13 tour` picks a Python.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
INSTALL := $(RUN) pip --disable-pip-version-check install --quiet --editable

.PHONY: tour test check-slow coverage fuzz bench lab notebooks docs lint clean

tour: $(VENV)/tour.stamp ## train a CvT on real digits, write out/tour/index.html
	@$(RUN) minicvt tour

test: lint ## what CI runs: lints, the NumPy bodies, then every test
	$(RUN) pytest -p tests.without_numba tests/kernels tests/operations tests/models
	$(RUN) pytest

check-slow: $(VENV)/test.stamp ## what takes longer: five seeds, kill -9, the wheel
	$(RUN) pytest -m slow

fuzz: $(VENV)/test.stamp ## every operation against PyTorch, cell by cell (minutes)
	$(RUN) tests.fuzz

# With the JIT off compiled kernels are the Python they are written in. What picks and
# emits machine code runs only where there is something to compile, into a new cache.
COVERED := minicvt/kernels/*,minicvt/ops/*,minicvt/tensor.py,minicvt/node.py,minicvt/observe.py
COVERAGE := coverage run --append -m pytest

coverage: $(VENV)/test.stamp ## every line and branch of kernels, ops and tensor is run
	@rm -rf .coverage $(VENV)/compiled
	NUMBA_DISABLE_JIT=1 MINICVT_KERNELS=numpy \
	    $(RUN) $(COVERAGE) tests/kernels tests/operations tests/engine
	MINICVT_CACHE_DIR=$(VENV)/compiled \
	    $(RUN) $(COVERAGE) tests/kernels/test_jit.py tests/kernels/test_fastmath.py \
	    tests/kernels/test_lanes.py tests/kernels/test_blocks.py \
	    tests/kernels/test_memory.py tests/kernels/test_multiplication.py \
	    tests/kernels/test_team.py tests/kernels/test_whole.py
	$(RUN) coverage report --fail-under=100 --include='$(COVERED)'

bench: $(VENV)/bench.stamp ## write docs/benchmarks.md: beside PyTorch (half an hour)
	$(BIN)/minicvt bench all --threads 2 --processes 2 --markdown \
	    --picture docs/images/roofline.svg > $(VENV)/benchmarks.md
	mv $(VENV)/benchmarks.md docs/benchmarks.md

docs: $(VENV)/test.stamp ## write what docs/ shows again: pictures, tables
	$(BIN)/python docs/pictures.py
	$(BIN)/python docs/tiny_models.py
	$(BIN)/minicvt models --markdown > $(VENV)/models.md
	mv $(VENV)/models.md docs/models.md
	$(BIN)/minicvt dialects cvt-13 --markdown > $(VENV)/dialects.md
	mv $(VENV)/dialects.md docs/dialects.md
	$(BIN)/minicvt reconcile --markdown \
	    --picture docs/images/accuracy-against-macs.svg > $(VENV)/tables.md
	mv $(VENV)/tables.md docs/tables.md
	$(BIN)/minicvt growth --markdown \
	    --picture docs/images/growth.svg > $(VENV)/growth.md
	mv $(VENV)/growth.md docs/growth.md
	$(BIN)/minicvt check docs/transformers_cvt.py --markdown \
	    > $(VENV)/check.md || test $$? -eq 1 # it differs
	mv $(VENV)/check.md docs/check-transformers.md
	$(BIN)/minicvt audit --page docs/kill-table.md
	$(BIN)/minicvt verify equations --markdown > $(VENV)/equations.md
	mv $(VENV)/equations.md docs/equations.md
	$(BIN)/minicvt verify laws --markdown > $(VENV)/laws.md
	mv $(VENV)/laws.md docs/laws.md
	$(BIN)/minicvt faithful cvt-rgb32-easy cvt-rgb32-mid \
	    --page docs/trained-models.md --keep minicvt/interpret/measured

lint: $(VENV)/test.stamp ## ruff, mypy and the floors, without the tests
	$(RUN) ruff check --quiet
	$(RUN) ruff format --check --quiet
	$(RUN) mypy
	$(BIN)/lint-imports --no-logo

# JupyterLab shows stored pictures of notebooks that are trusted, or run.
lab: $(VENV)/lab.stamp ## JupyterLab on the notebooks
	@$(BIN)/jupyter-trust notebooks/*.ipynb > $(VENV)/trusted.txt
	@$(BIN)/jupyter-lab notebooks

notebooks: $(VENV)/test.stamp ## run every notebook, write its outputs and its twin
	@$(BIN)/python tests/notebooks/refresh.py

clean: ## remove what was built here, .venv too
	rm -rf $(VENV) out build dist *.egg-info .coverage htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is a promise kept: this extra is installed as pyproject.toml asks.
$(VENV)/tour.stamp: pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV): the library and what the tour draws with"
	@$(INSTALL) '.[tour]'
	@touch $@

$(VENV)/lab.stamp: pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV): JupyterLab"
	@$(INSTALL) '.[lab]'
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@cp notebooks/lab-settings.json $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

$(VENV)/bench.stamp: pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV): PyTorch and onnxruntime, to run beside them"
	@$(INSTALL) '.[bench,tour]'
	@touch $@ $(VENV)/tour.stamp

$(VENV)/test.stamp: pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV): the tests' tools, PyTorch among them"
	@$(INSTALL) '.[test]'
	@touch $@ $(VENV)/tour.stamp

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or \
	    sys.exit("minicvt needs Python 3.11 or newer; this is " + sys.version)'
	@$(PYTHON) -m venv --clear $(VENV)
