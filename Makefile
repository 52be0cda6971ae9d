# `make` alone lists the targets. Needs GNU Make and Python 3.11 or newer.

# The first Python that is new enough and can create virtual environments. PYTHON= names another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
		&& echo "$$python" && break; done)
run := .venv/bin/python -m
install := $(run) pip install --quiet --quiet --disable-pip-version-check --require-hashes --no-deps
lock := $(run) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" --all-extras $(if $(UPGRADE),--upgrade)

.PHONY: help setup demo serve upgrade test check faults bench lock
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target words; do \
		printf '  make %-7s %s\n' "$$target" "$$words"; done

setup: .venv/serve.stamp ## create .venv with everything that serving needs

demo: setup ## serve a site with sample data at http://127.0.0.1:8000 (HOST=, PORT= for another address)
	@exec $(run) verdicts.cli.demo

serve: setup ## migrate the database, then serve with the settings of .env (see .env.example)
	@exec $(run) verdicts.cli.serve

upgrade: setup ## back up, take the newest version (TAG= names one), migrate and check it; put all back on failure (RESTART=: a command)
	@TAG='$(TAG)' RESTART='$(RESTART)' $(run) scripts.upgrade

test: .venv/develop.stamp ## install what the tests need, then run all tests
	@scripts/prepare-tests
	@$(run) pytest -n auto

check: .venv/develop.stamp ## check format, style, types, layers, templates, security and known vulnerabilities
	$(run) ruff format --check --quiet
	$(run) ruff check --quiet
	$(run) mypy
	.venv/bin/lint-imports --no-logo
	$(run) djlint templates --lint --quiet
	$(run) bandit --quiet --configfile pyproject.toml --recursive verdicts
	$(run) deptry .
	cd static/vendor && sha256sum --check --quiet checksums.txt
	$(run) scripts.audit

faults: .venv/develop.stamp ## run the long fault tests; `make test` runs short ones
	@scripts/prepare-tests
	@FAULTS=long $(run) pytest tests/faults

bench: .venv/develop.stamp ## measure requests per second, compared with the simplest Flask view (SCALE=50000: pages with so many tools; MINUTES=20: memory under mixed load; POSTGRES=URL of a server)
	@SCALE='$(SCALE)' VOTES='$(VOTES)' MINUTES='$(MINUTES)' POSTGRES='$(POSTGRES)' $(run) benchmarks

lock: .venv/develop.stamp ## update requirements/ from pyproject.toml (UPGRADE=1: to the newest versions)
	$(lock) pyproject.toml --output-file requirements/serve.txt
	$(lock) pyproject.toml --group develop --constraint requirements/serve.txt --output-file requirements/develop.txt

.venv/serve.stamp: requirements/serve.txt | .venv/bin/pip
.venv/develop.stamp: requirements/develop.txt | .venv/bin/pip
.venv/%.stamp:
	@echo "Installing $< into .venv; this takes a minute, once."
	@$(install) -r $<
	@touch $@

.venv/bin/pip:
	@test -n '$(PYTHON)' || { \
		echo "No Python 3.11 or newer that can make virtual environments was found." >&2; \
		echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name one: make setup PYTHON=…" >&2; \
		exit 1; }
	@'$(PYTHON)' -m venv --clear .venv
