# Everything starts here: `make demo` plays, `make test` proves.
# Needs Python 3.11 or later, make and git; all else is set up inside .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# One worker more than there are cores, since tests in the browser wait. An idle worker takes tests
# from the others.
PARALLEL = --numprocesses $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )) --dist worksteal
# The tools of the tests in JavaScript.
COMPILER := tests/web/node_modules/.bin/tsc
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The first Python on this machine that is new enough.
PYTHON := $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)

say = @printf '\033[1m==> %s\033[0m\n' "$(1)"

.PHONY: help demo test test-fast nightly mutants bench performance costs lateness autobahn modem soak clean \
	browser vectors docs
help:
	@echo "make demo     set up what is missing and play archers on this machine (GAME=noughts for another)"
	@echo "make test     set up what is missing and run every check and test"
	@echo "make test-fast  run what is quick and needs no browser and no server: less than two minutes"
	@echo "make nightly  run what takes hours: fuzz, autobahn, mutants and soak (PARTS=fuzz for one)"
	@echo "make mutants  change the code in small ways and look whether a test notices (PACKAGE=chart)"
	@echo "make docs     build the documentation as a website, into build/site/html"
	@echo "make bench    run the benchmarks of single parts (gameroom bench measures the server as a whole)"
	@echo "make performance  measure what games cost and write docs/performance.md (hours on a quiet machine)"
	@echo "make autobahn run the Autobahn test suite of WebSocket (needs Python 2.7)"
	@echo "make vectors  write the files anew by which clients in any language are checked"
	@echo "make costs    measure what each route costs the server at its largest"
	@echo "make lateness measure how late turns are while somebody attacks the server"
	@echo "make modem    play archers over bad networks for 20 minutes and measure (Linux, as root)"
	@echo "make soak     play the rooms in bad weather, with crashes and cheats, for HOURS=8"
	@echo "make clean    remove what the other commands made"

GAME ?= archers
demo: $(VENV)/.stamp-run
	@exec $(BIN)/gameroom demo $(GAME) $(ARGS)

# What needs no browser, no server and no other program but node, and takes no long time.
FAST := -m "not slow" $(foreach path,browser client network server repository/test_commands.py \
	repository/test_wheel.py rooms/test_views.py,--ignore tests/$(path))
test-fast: $(VENV)/.stamp-dev
	$(call say,ruff)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	$(call say,Python)
	@$(BIN)/python -m pytest --quiet $(PARALLEL) $(FAST) $(ARGS)

test: $(VENV)/.stamp-dev browser $(COMPILER)
	$(call say,ruff check)
	@$(BIN)/ruff check .
	$(call say,ruff format)
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	$(call say,mypy --strict)
	@$(BIN)/mypy
	$(call say,the floors)
	@$(BIN)/lint-imports --no-logo 2>&1 | tail -n 40
	$(call say,JavaScript)
	@said=$$(node --test $$(find tests rooms gameroom/web -name node_modules -prune -o \
		\( -name '*.test.js' -o -name '*.test.mjs' \) -print | sort) 2>&1) \
		|| { echo "$$said"; exit 1; }; echo "$$said" | grep -E '^(#|ℹ) (tests|pass) '
	$(call say,Python and the browser)
	@$(BIN)/python -m pytest --quiet $(PARALLEL) $(ARGS)
	$(call say,all is well)

# It prints what it will run and how long each part takes.
PARTS ?=
nightly: $(VENV)/.stamp-dev browser
	@$(BIN)/python -m tests.nightly --hours $(HOURS) $(PARTS)

# Restartable: what is known stands in .mutants (docs/mutants.md).
PACKAGE ?= chart lockstep room wire
mutants: $(VENV)/.stamp-dev
	@$(BIN)/python -m tests.mutants $(PACKAGE) $(ARGS)

# DOCS_URL is where the site will be: https://example.org/gameroom. Without it links are relative.
docs: $(VENV)/.stamp-docs browser
	@$(BIN)/python -m docs.website build/site

bench: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest --quiet --override-ini 'python_files=bench_*.py' tests $(ARGS)

performance: $(VENV)/.stamp-dev
	@$(BIN)/python -m tests.benchmarks.performance $(ARGS)

# Our socket beside aiohttp's own; the suite's packages go to .venv/autobahn.
autobahn: $(VENV)/.stamp-run
	@$(BIN)/python -m tests.server.autobahn $(if $(PYTHON27),--python $(PYTHON27)) $(ARGS)

# What clients in any language are checked by: tests/vectors/README.md.
vectors: $(VENV)/.stamp-dev
	@$(BIN)/python -m tests.twins.make

costs: $(VENV)/.stamp-dev
	@$(BIN)/python -m tests.benchmarks.costs $(ARGS)

lateness: $(VENV)/.stamp-dev
	@$(BIN)/python -m tests.benchmarks.lateness $(ARGS)

modem: $(VENV)/.stamp-run
	@$(BIN)/python -m tests.network.modem $(ARGS)

HOURS ?= 8
SEED ?= $(shell date +%s)
soak: $(VENV)/.stamp-run
	@$(BIN)/gameroom simulate rooms --weather all --seed $(SEED) --soak --hours $(HOURS) $(ARGS)

clean:
	rm -rf $(VENV) tests/web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks .mutants build dist
	find gameroom tests -name __pycache__ -prune -exec rm -rf {} +

# The browser tests drive a real Chromium, gameroom.js has tests of its own in node and is compared
# with its types by a compiler that npm installs, the guide shows curl, and root on Linux can test
# over networks.
browser:
	@missing=; \
	for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && found=1 && break; done; \
	[ -n "$${found-}" ] || missing="$$missing chromium"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	[ "$$(uname) $$(id -u)" != "Linux 0" ] || command -v ip >/dev/null || missing="$$missing iproute2"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		printf '\033[1m==> installing%s\033[0m\n' "$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	else \
		echo "The tests need:$$missing. On Debian: sudo apt-get install$$missing" >&2; exit 1; \
	fi

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "gameroom needs Python 3.11 or later; none was found." >&2; exit 1; }
	$(call say,making $(VENV) with $$($(PYTHON) --version))
	@$(PYTHON) -m venv $(VENV) || { \
		echo "python could not make a virtual environment. On Debian: sudo apt-get install python3-venv" >&2; \
		rm -rf $(VENV); exit 1; }

$(VENV)/.stamp-run: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call say,installing gameroom into $(VENV))
	@$(PIP) --editable .
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-run
	$(call say,installing the tools of the tests)
	@$(PIP) --editable '.[dev]'
	@touch $@

$(VENV)/.stamp-docs: $(VENV)/.stamp-dev
	$(call say,installing the tools of the documentation)
	@$(PIP) --editable '.[dev,docs]'
	@touch $@

# No lock file: it would name the registry that this machine uses.
$(COMPILER): tests/web/package.json | browser
	$(call say,installing the tools of the tests in JavaScript)
	@npm install --prefix tests/web --no-package-lock --no-audit --no-fund --silent
	@touch $@
