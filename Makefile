# Two commands from a fresh clone: `make tour` answers the question, `make test` checks everything.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= dev

.PHONY: tour test check bench clean

tour: $(VENV)/installed
	$(VENV)/bin/attnlab

test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest

check: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/installed-dev
	for script in benchmarks/*.py; do $(VENV)/bin/python $$script || exit 1; done

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build dist *.egg-info
