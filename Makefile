# Every target reports its progress; `make` alone lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
READY := .venv/.ready
OLDER := .venv/.pulumiverse
RUN := .venv/bin/python -m
# Where this is set, every run of the tests and every program of the rehearsal would compile all of its own code again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup pulumiverse lab test check format bench reach soak stop env lock audit licences

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

$(READY): requirements.lock tools/uv.lock pyproject.toml tools/setup
	@PYTHON=$(PYTHON) tools/setup

setup: $(READY)  ## the project's own Python, in .venv

pulumiverse: $(OLDER)  ## the FortiGate's older provider package too (docs/fortigate.md); the tests use it

$(OLDER): $(READY) tools/pulumiverse.lock
	@.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r tools/pulumiverse.lock
	@touch $(OLDER)

lab: $(READY)  ## bring up the whole lab on this machine and prove it from outside
	@$(RUN) labvpn rehearsal lab

stop:  ## stop the lab and leave nothing
	@[ ! -e $(READY) ] || $(RUN) labvpn rehearsal stop

env: $(READY)  ## shell lines that put the project's Python and pulumi on PATH: eval "$$(make -s env)"
	@$(RUN) labvpn rehearsal env

test: check  ## every test: unit and component tests first, then the rehearsal
	@$(RUN) labvpn rehearsal ready --quiet && $(RUN) pytest -q -n 4 --dist loadfile --no-loadscope-reorder --durations 15 tests/rehearsal

check: $(OLDER)  ## format, lint, strict types, unit and component tests: under a minute
	@echo "check: format and lint" && .venv/bin/ruff format --check . && .venv/bin/ruff check .
	@echo "check: strict types" && .venv/bin/mypy
	@echo "check: unit and component tests" && $(RUN) pytest -q -n logical --dist worksteal tests --ignore tests/rehearsal

format: $(READY)  ## format the code and fix what the linter can
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: $(OLDER)  ## the figures of docs/figures.md, measured on this machine
	@$(RUN) rehearsal.bench $(if $(COLD),--cold)

reach: $(READY)  ## compare the model of who reaches what with packets: PAIRS=100000, PER_LAB=250, SEED=7
	@$(RUN) labvpn rehearsal ready --quiet && REACH_PAIRS=$(or $(PAIRS),100000) REACH_SEED=$(or $(SEED),7) \
	  REACH_PER_LAB=$(or $(PER_LAB),250) $(RUN) pytest -q -s tests/rehearsal/test_reach_packets.py

soak: $(OLDER)  ## test every guarantee for hours; SEED=N repeats or resumes a run, PART=1/2 runs a share, GUARANTEES="drift faults" selects
	@$(RUN) rehearsal.soak $(if $(SEED),--seed $(SEED)) $(if $(PART),--part $(PART)) $(GUARANTEES)

lock: $(READY)  ## pin every dependency again, with hashes
	@.venv/bin/uv pip compile pyproject.toml --extra dev --extra rehearsal --generate-hashes \
	  --no-emit-index-url --universal --python-version 3.11 --no-header --custom-compile-command "make lock" \
	  --constraint tools/engine-pin.txt -q -o requirements.lock
	@echo pulumiverse-fortios==0.0.6 | .venv/bin/uv pip compile - --no-deps --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate -q -o tools/pulumiverse.lock
	@printf 'uv\npip\n' | .venv/bin/uv pip compile - --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o tools/uv.lock
	@echo pip-audit | .venv/bin/uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o tools/audit.lock

audit: $(READY)  ## check every pinned package against a database of advisories
	@.venv/bin/python tools/audit.py

licences: $(OLDER)  ## write docs/licences.md: every pinned package with its licence
	@.venv/bin/python tools/licences.py
