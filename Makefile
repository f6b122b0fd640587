# make run    install what the app needs and start it
# make class  the same for a room of phones: on all networks of this machine, over TLS; PORT=8502 for another port
# make class-check  the evening before: try all that a class needs, two phones included
# make test   install what the tests need, the browser included, and run every check
# make scale  install what `--engine ray` needs, too; make test-scale tries it, in an environment of its own (300 MB)
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
DID_NOT_RUN := $(VENV)/did-not-run.txt
RAY := .venv-scale

.PHONY: run class class-check test lint unit scale test-scale mutants fuzz bench load screenshots messages format clean

# See lib/server/memory.py.
run class: export MALLOC_ARENA_MAX = 2
run: $(VENV)/app.installed
	@$(PY) -m lib.embed.scripts || true
	$(PY) -m streamlit run streamlit_app.py

class: $(VENV)/app.installed
	@$(PY) -m lib.embed.scripts || true
	@$(PY) -m lib class $(if $(PORT),--port $(PORT))

class-check: $(VENV)/app.installed
	@$(PY) -m lib.embed.scripts || true
	@$(PY) -m lib class-check $(if $(PORT),--port $(PORT))

test: lint unit

lint: $(VENV)/dev.installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# Both halves run, whatever the first one finds; last comes what did not run, and what ran only at the second try.
unit: $(VENV)/dev.installed $(VENV)/browser.installed $(VENV)/npm.installed
	@rm -f $(DID_NOT_RUN); failed=0; export DISCERN_DID_NOT_RUN=$(DID_NOT_RUN); set -x; \
	$(PY) -m pytest -q -n auto --dist loadfile --ignore tests/browser --ignore tests/embed --ignore tests/scale/test_ray.py || failed=1; \
	$(PY) -m pytest -q -n 2 --dist loadfile --reruns 1 tests/browser tests/embed || failed=1; \
	{ set +x; } 2> /dev/null; cat $(DID_NOT_RUN); exit $$failed

scale: $(VENV)/app.installed
	$(PY) -m pip install --disable-pip-version-check -q -r requirements-scale.txt

# With Ray, which the app must do without: in an environment that adds it to what is in $(VENV), 300 MB.
test-scale: $(RAY)/installed
	$(RAY)/bin/python -m pytest -q tests/scale

# Small wrongs put into the library one at a time: do its tests notice?
mutants: $(VENV)/dev.installed
	$(PY) -m tests.mutants

# Damaged files by the thousand: each is answered or refused in a sentence.
fuzz: $(VENV)/dev.installed
	$(PY) -m tests.fuzz photos --count 10000
	$(PY) -m tests.fuzz zips --count 2000
	$(PY) -m tests.fuzz models --count 3000
	$(PY) -m tests.fuzz imports --count 500

bench: $(VENV)/dev.installed $(VENV)/browser.installed $(RAY)/installed
	$(PY) -m tests.benchmarks

# Many people at once, for half an hour: memory, restarts, a latecomer beside five hundred photos.
load: $(VENV)/dev.installed $(VENV)/browser.installed
	$(PY) -m tests.load

# The pictures of the README, in docs/, taken anew.
screenshots: $(VENV)/dev.installed $(VENV)/browser.installed $(VENV)/npm.installed
	$(PY) -m tests.screenshots

# After changing a sentence: collect and merge; translate what is new in lib/locale/*/LC_MESSAGES/discern.po; run again.
messages: $(VENV)/dev.installed
	$(PY) -m babel.messages.frontend -q extract -F pyproject.toml -k t -k N_ -k plural:1,2 --no-wrap --sort-by-file --add-location file \
	  --project Discern -o $(VENV)/discern.pot lib pages streamlit_app.py
	$(PY) -m babel.messages.frontend -q update -D discern -i $(VENV)/discern.pot -d lib/locale --no-wrap \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(PY) -m babel.messages.frontend -q compile -D discern -d lib/locale

format: $(VENV)/dev.installed
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean:
	rm -rf $(VENV) $(RAY)

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

$(RAY)/installed: requirements-scale.txt $(VENV)/dev.installed
	$(PY) -m venv $(RAY)
	$(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
	  $$($(RAY)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/base.pth
	$(RAY)/bin/python -m pip install --disable-pip-version-check -q -r requirements-scale.txt
	@touch $@

$(VENV)/browser.installed: tests/browser/install.py | $(VENV)/dev.installed
	$(PY) tests/browser/install.py
	@touch $@

$(VENV)/npm.installed: tests/embed/packages.py tests/embed/npm/package-lock.json | $(VENV)/dev.installed
	$(PY) -m tests.embed.packages
	@touch $@
