# The commands: `make demo` shows the whole loop on a sample class, `make test` runs every test, `make bench` measures.
# All set up what they need: system packages where this account may install them, and .venv.

PYTHON ?= $(or $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do command -v $$p && break; done),python3.11)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements/dev.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help setup lock hooks lint demo test quick oldest widths mutants variants bench bench-peers fuzz regrade clean

help:
	@echo "make demo         export, generate, release, collect and grade a sample class; prints its table"
	@echo "make test         lint, then the tests"
	@echo "make quick        the tests that grade no whole class"
	@echo "make lint         ruff, format, export, types and sizes; a minute"
	@echo "make hooks        run what lint checks before each commit, through pre-commit"
	@echo "make setup        the virtual environment, with what requirements/dev.txt locks; two minutes the first time"
	@echo "make lock         renew every locked version; a minute. ARGS='--upgrade-package numba' renews one, ARGS='--no-upgrade' none"
	@echo "make oldest       install the oldest versions that pyproject.toml allows and go a student's and an instructor's way; five to nine minutes"
	@echo "make widths       the tests of vectors and kernels, and the reference's grade, at every vector width and number of registers, and without dot product"
	@echo "make mutants      grade faulty copies of the reference solutions: each must lose points; ARGS='--count 40' takes options"
	@echo "make variants     grade every stored correct solution: each must keep its points"
	@echo "make bench        measure every kernel beside its bar; ARGS='--quick --only relu' takes options"
	@echo "make bench-peers  install torch and onnxruntime into the virtual environment and compare with them"
	@echo "make fuzz         fuzz the grader's doors, a minute each; ARGS='--seconds 600 --seed 7 archive' takes options"
	@echo "make regrade      grade the same submissions again and again, idle and loaded: do they get the same points?"
	@echo "make clean        remove what demo, tests and benchmarks made (not the virtual environment)"

setup: $(READY)

# Only what the lock names gets in, each file by its hash: the project itself is put in place without asking a registry.
$(READY): pyproject.toml $(LOCK)
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python 3.11 or newer is needed and '$(PYTHON)' is not on the PATH; install it, or run: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "'$(PYTHON)' is older than Python 3.11; run: make PYTHON=/path/to/python3.11"; exit 1; }
	@.ci/system-packages $(PYTHON)
	@test -x $(BIN)/python || { echo "Making the virtual environment $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the project and what it needs into $(VENV) (about a minute)"
	@$(PIP) --require-hashes --only-binary :all: -r $(LOCK)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# Renews every version. After an edit of pyproject.toml, ARGS='--no-upgrade' keeps those that still go with it.
lock:
	@PYTHON=$(PYTHON) .ci/lock $(ARGS)

demo: setup
	@.ci/demo

# Before each commit, what lint checks; .pre-commit-config.yaml says which of it for which files.
hooks: setup
	$(BIN)/pre-commit install

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/tito export --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_sizes.py

# Grading a class uses every core by itself, so only the other tests are run side by side.
test: lint
	$(BIN)/python -m pytest -n 2 -m "not oldest" --ignore tests/end_to_end
	$(BIN)/python -m pytest -m "not variants and not widths" tests/end_to_end

quick: setup
	$(BIN)/python -m pytest -m "not slow" -n 2

# With Python 3.11: the oldest versions have no wheels for a newer one. make lock computes them from the bounds.
oldest: setup
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "make oldest needs a $(VENV) of Python 3.11: remove $(VENV) and run: make PYTHON=python3.11 oldest"; exit 1; }
	$(BIN)/python -m pytest -m oldest tests/packaging

# Each line is a processor that this one is not; code compiled for it is not kept.
WIDTHS := BYTES=16 BYTES=32 BYTES=64 REGISTERS=32 DOT4=0
widths: setup
	@for setting in $(WIDTHS); do \
	  echo "TINYTORCH_SIMD_$$setting"; \
	  env TINYTORCH_SIMD_$$setting $(BIN)/python -m pytest -q -n 2 -m "not slow" tests/core tests/simd/test_simd_vectors.py tests/simd/test_simd_rows.py || exit 1; \
	done
	$(BIN)/python -m pytest -q tests/end_to_end/test_vector_widths.py

# Two to ten seconds of one core for each mutant; goes on where it was stopped. docs/checks.md says how to read it.
mutants: setup
	$(BIN)/python -m tests.tools.mutants $(ARGS)

variants: setup
	$(BIN)/python -m pytest -n 2 tests/end_to_end/test_variants.py $(ARGS)

# Not a test: it ends with an error only where a kernel is wrong. docs/benchmarks.md says how it measures.
bench: setup
	$(BIN)/python -m tests.tools.benchmarks $(ARGS)

bench-peers: setup
	$(PIP) torch==2.13.0 onnxruntime==1.32.0 onnx==1.23.2
	$(BIN)/python -m tests.tools.benchmarks --only peers --to bench-results/peers $(ARGS)

# Not a test: it looks for new inputs that harm the grader. tests/tools/fuzz/findings holds those found; the tests try them.
fuzz: setup
	$(PIP) 'atheris>=3.0'
	$(BIN)/python -m tests.tools.fuzz $(ARGS)

# Long: two submissions, 20 times idle and 20 with every core loaded. ARGS='--times 3 --only test_03 reference' is shorter.
regrade: setup
	$(BIN)/python -m tests.tools.regrade $(ARGS)

clean:
	rm -rf assignments bench-results fuzz-results mutation-results demo build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
