# `make` alone lists the targets. Everything lives in .venv and var/, both ignored by git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# Tests start hundreds of processes: without kept bytecode each compiles every module again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-long check format swarm mutants bench bench-takeover bench-ingest bench-idle bench-growth bench-adapters bench-world bench-prove bench-screens bench-recovery bench-retention bench-stitch bench-pages pages clean lock

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: $(STAMP) ## make .venv with everything pinned in requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tandem needs Python 3.11 or newer; try: make PYTHON=python3.12 setup"; exit 2; }
	@echo "filling $(VENV) with what requirements.lock names; this takes a minute or two"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/python -m sim.page_setup
	@touch $(STAMP)

pages: $(STAMP) ## fetch what the pages of a node take from elsewhere (npm), again
	@$(BIN)/python -m sim.page_setup --again

demo: $(STAMP) ## record calls on two nodes, kill the primary, show the verdict
	@$(BIN)/tandem demo

up: $(STAMP) ## two nodes and a fake service, until Ctrl-C; SCREENS=yes: and two agents whose screens are recorded
	@$(BIN)/tandem up $(if $(SCREENS),--screens)

# Threads, sockets and processes are real here, so the machine has a say; what is wrong fails twice.
# More workers than two cores: tests wait for servers and browsers, and half the time of those on processes
# is spent in waiting.
AGAIN := echo "FAILED ONCE: the tests named above run once more, by themselves."
# Only files with such tests are read for them: each worker would import all of the others, too.
PROCESS = $(shell grep -rl --include='test_*.py' 'mark\.process' tests | sort)
# What `make test` does less often: more draws of random worlds, errors that lie deep in a model.
DEEP := $(addprefix tests/simulation/test_,audit.py reconciliation.py recovery.py rules_together.py screens.py spin.py three_sources.py world.py)
test: $(STAMP) ## style, types, layers, every test; those on real processes last, four files at a time
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -q -n 3 --dist worksteal -m "not process" --ignore tests/test_layers.py || { $(AGAIN); $(BIN)/pytest -q -m "not process" --last-failed; }
	@$(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder -m process $(PROCESS) || { $(AGAIN); $(BIN)/pytest -q -m process --last-failed $(PROCESS); }

test-long: $(STAMP) ## what `make test` leaves out or shortens: long outages, more deaths, deep errors, more worlds; 25 minutes
	@TANDEM_LONG_TESTS=1 $(BIN)/pytest -q --timeout 600 tests/process $(DEEP)

check: $(STAMP) ## style, types and layers only
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/basedpyright --level error >.venv/pyright.log || { cat .venv/pyright.log; exit 1; }
	@$(BIN)/lint-imports --no-cache >.venv/layers.log || { cat .venv/layers.log; exit 1; }
	@echo "style, types, layers: ok"

format: $(STAMP) ## let ruff format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

MINUTES ?= 10
SEED ?= $(shell date +%s)
WORLDS ?=
swarm: $(STAMP) ## search for broken promises in random worlds; MINUTES=60 SEED=1 WORLDS="--screens --sources dynamics,zoom,webex"
	@$(BIN)/tandem sim swarm --jobs 2 --seed $(SEED) --within-minutes $(MINUTES) --reach-all $(WORLDS)
	@TANDEM_SEARCH=long $(BIN)/pytest -q -n 2 --timeout 0 tests/simulation/test_search_hypothesis.py tests/simulation/test_search_sweeps.py

mutants: $(STAMP) ## put every deliberate bug into the code and look for it; var/mutants.json
	@$(BIN)/python -m tests.mutants

bench: bench-takeover bench-ingest bench-idle bench-growth bench-adapters bench-world bench-prove bench-screens bench-recovery bench-retention bench-stitch bench-pages ## every benchmark; tables and var/bench/*.json

bench-takeover: $(STAMP) ## from fault to the peer's next poll: death, silence, switchover
	@$(BIN)/python -m sim.bench.takeover

bench-ingest: $(STAMP) ## recordings per second and CPU-second, beside curl -Z and rclone copy
	@$(BIN)/python -m sim.bench.ingest

bench-idle: $(STAMP) ## memory and CPU of an idle node, messages per second, time to first poll
	@$(BIN)/python -m sim.bench.idle

bench-growth: $(STAMP) ## poll and skip cost with 1 k, 100 k and 1 M contacts
	@$(BIN)/python -m sim.bench.growth

bench-screens: $(STAMP) ## an agent's CPU and MB per hour beside ffmpeg, failover, desktops on one node
	@$(BIN)/python -m sim.bench.screens

bench-prove: $(STAMP) ## a certificate for a day of 100 k items: to make, to verify
	@$(BIN)/python -m sim.bench.prove

bench-recovery: $(STAMP) ## 1 M records against 1 M contacts; live capture beside it; DATABASE=postgresql://…
	@$(BIN)/python -m sim.bench.recovery $(if $(DATABASE),--database $(DATABASE))

bench-retention: $(STAMP) ## a look for what is due among 1 M contacts; commits beside it; DATABASE=postgresql://…
	@$(BIN)/python -m sim.bench.retention $(if $(DATABASE),--database $(DATABASE))

bench-stitch: $(STAMP) ## stitching as a multiple of real time, beside ffmpeg, and its memory
	@$(BIN)/python -m sim.bench.stitch

bench-pages: $(STAMP) ## every search of the pages, and a page until it is ready, with 1 M contacts; DATABASE=postgresql://…
	@$(BIN)/python -m sim.bench.pages $(if $(DATABASE),--database $(DATABASE))

bench-adapters: $(STAMP) ## items per second through each adapter, memory while 2 GB stream
	@$(BIN)/python -m sim.bench.adapters

lock: ## pin today's versions of what pyproject.toml asks for
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-options --no-header --no-annotate --extra fast --extra dev --output-file requirements.lock pyproject.toml

bench-world: $(STAMP) ## the simulator: event loop beside heapq and simpy, an hour, failovers, search
	@$(BIN)/python -m sim.bench.world

clean: ## remove what the targets made
	@rm -rf $(VENV) var
