# make run    install what the app needs and start it
# make test   install what the tests need, the browser included, and run every check
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: run test lint unit browser bench messages format clean

run: $(VENV)/app.installed
	$(PY) -m streamlit run streamlit_app.py

test: lint unit

lint: $(VENV)/dev.installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

unit: $(VENV)/dev.installed $(VENV)/browser.installed
	$(PY) -m pytest

bench: $(VENV)/dev.installed $(VENV)/browser.installed
	$(PY) -m tests.benchmarks

# After changing a sentence: collect, merge and compile the catalogues, then translate what is new in the .po files.
messages: $(VENV)/dev.installed
	$(PY) -m tests.catalogues

format: $(VENV)/dev.installed
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean:
	rm -rf $(VENV)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/app.installed: requirements.txt | $(PY)
	$(PY) -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(VENV)/dev.installed: requirements.txt requirements-dev.txt | $(PY)
	$(PY) -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@ $(VENV)/app.installed

$(VENV)/browser.installed: tests/browser/install.py | $(VENV)/dev.installed
	$(PY) tests/browser/install.py
	@touch $@
