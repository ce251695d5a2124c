# wfnb: one command per thing a person does. `make help` lists them.
# Needed beforehand: Python 3.11 or newer, and a package registry. The rest is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
# More than cores: many tests wait for processes, browsers and servers.
WORKERS ?= 3
KILLS ?= 1000

# Paths that a build of this project may leave behind, and nothing else.
LEFTOVERS := build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

NBVAL := $(BIN)/pytest --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg -p no:xdist -q notebooks

.DEFAULT_GOAL := help
.PHONY: tour test notebooks check bench docs js crash proof lock clean help env env-docs env-bench

tour: env  ## open the tour in JupyterLab (TOUR_BROWSER=0: run its notebooks without a browser)
	@$(BIN)/wfnb tour

test: env  ## everything CI asks for: lint, types, layers, notebooks twice, all tests
	@$(BIN)/python scripts/need-chromium
	@$(MAKE) --no-print-directory -j2 check notebooks  # one reads files and one waits for kernels
	@echo "==> tests"
	@$(BIN)/pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder  # long files stand first

notebooks: env  ## run the notebooks twice: the same outputs each time
	@echo "==> notebooks, first run"
	@$(NBVAL)
	@echo "==> notebooks, second run: the same outputs again"
	@$(NBVAL)

check: env  ## the quick half: format, lint, types, import layers
	@echo "==> ruff"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "==> mypy"
	@$(BIN)/mypy
	@echo "==> import layers"
	@$(BIN)/lint-imports --no-cache

bench: env-bench  ## measure (ONLY="durable waiting=500" picks benchmarks by name, and a count for a short look)
	@$(BIN)/python scripts/bench $(ONLY)

docs: env-docs  ## build the documentation into build/docs; any warning is an error
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs
	@! grep -rEl --include='*.html' '<(script|link|img)[^>]+(src|href)="https?://' build/docs  # nothing from elsewhere
	@echo "build/docs/index.html"

js:  ## type-check and build the widgets' front end (needs node and npm)
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	cd js && npm ci && npm run check && npm run build

crash: env  ## kill real processes, KILLS times (default 1000)
	@WFNB_KILLS=$(KILLS) $(BIN)/pytest tests -m crash

proof: env  ## the proofs at full length, some hours; figures in build/proof.json (WFNB_SEEDS=... sets a count)
	@WFNB_PROOF=long $(BIN)/pytest tests/proof tests/crash tests/laws tests/integration/test_store_model.py -q \
		-n $(WORKERS) --dist worksteal --timeout 36000

lock: env-docs  ## write constraints.txt from what is installed in .venv
	@$(BIN)/python scripts/lock

clean:  ## remove what builds and tests left behind (not .venv)
	rm -rf $(LEFTOVERS)
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# Each answers at once when pyproject.toml and constraints.txt are as they were.
env:
	@$(PYTHON) scripts/bootstrap test

env-docs:
	@$(PYTHON) scripts/bootstrap test docs

env-bench:
	@$(PYTHON) scripts/bootstrap bench
