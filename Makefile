# Everything starts here: `make demo` plays, `make test` proves.
# Needs Python 3.11 or later, make and git; all else is set up inside .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# The tools of the tests in JavaScript.
COMPILER := tests/web/node_modules/.bin/tsc
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The first Python on this machine that is new enough.
PYTHON := $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)

say = @printf '\033[1m==> %s\033[0m\n' "$(1)"

.PHONY: help demo test nightly bench costs lateness autobahn modem soak clean browser vectors
help:
	@echo "make demo     set up what is missing and play archers on this machine (GAME=noughts for another)"
	@echo "make test     set up what is missing and run every check and test"
	@echo "make nightly  run the long tests, which make test leaves out"
	@echo "make bench    run the benchmarks"
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
	@$(BIN)/python -m pytest --quiet $(ARGS)
	$(call say,all is well)

# The long tests stand in tests/**/nightly_*.py.
nightly: $(VENV)/.stamp-dev browser
	@$(BIN)/python -m pytest --quiet --override-ini 'python_files=nightly_*.py' tests $(ARGS)

bench: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest --quiet --override-ini 'python_files=bench_*.py' tests $(ARGS)

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
	rm -rf $(VENV) tests/web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks build dist
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

# No lock file: it would name the registry that this machine uses.
$(COMPILER): tests/web/package.json | browser
	$(call say,installing the tools of the tests in JavaScript)
	@npm install --prefix tests/web --no-package-lock --no-audit --no-fund --silent
	@touch $@
