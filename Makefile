# Every habit of this project has a target; `make` alone lists them.

VENV := .venv
PYTHON := $(VENV)/bin/python
# Made last, so that a set-up that was stopped half-way is done again.
READY := $(VENV)/.ready

# glibc gives freed memory back to the system after each step of training and asks for it again.
# Keeping it took a training of the autoencoder from 7.3 to 5.5 s (means of three pairs), with the
# same numbers; other systems ignore these.
export MALLOC_MMAP_THRESHOLD_ := 268435456
export MALLOC_TRIM_THRESHOLD_ := 1073741824

# Images of Python for containers set this; then each process compiles all that it imports, for
# seconds, and forgets it.
export PYTHONDONTWRITEBYTECODE :=

# As they were typed: neither make nor the shell looks into quotes, dollars and semicolons.
export LESSONS PARAMS

.PHONY: help setup run-notebooks check test coverage test-offline lint refresh generate student solutions spread study benchmark web test-web site test-site lab test-lab licences lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv with the locked packages; the other targets do so by themselves

run-notebooks: $(READY) ## run lessons into runs/: LESSONS="02 04" PARAMS="epochs=5 seed=1" if you like
	@set -f; $(PYTHON) -m tools.run $$LESSONS --params $$PARAMS

check: $(READY) ## for the habit while editing: style and the fast tests
	@$(MAKE) --no-print-directory lint
	@$(PYTHON) -m pytest -n auto --dist worksteal -m "not slow" -q

test: $(READY) ## run all tests, and every lesson against its stored outputs
	@$(PYTHON) -m pytest -n auto --dist worksteal
	@$(PYTHON) -m tools.check

coverage: $(READY) ## the same, and say which lines and branches of aelib and tools none has reached
	@$(PYTHON) -m coverage erase
	@$(PYTHON) -m coverage run -m pytest -n auto --dist worksteal
	@$(PYTHON) -m coverage run -m tools.check
	@$(PYTHON) -m coverage combine --quiet
	@$(PYTHON) -m coverage report

test-offline: $(READY) ## run every lesson as on a machine without MNIST and without a network
	@$(PYTHON) -m tools.check --offline

lint: $(READY) ## check style and format of module, tools, tests and lessons
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check

refresh: $(READY) ## carry each lesson's .py into its .ipynb and store a new run's outputs: LESSONS=02
	@set -f; $(PYTHON) -m tools.refresh $$LESSONS

generate: $(READY) ## write badges, install cells, environment.yml, tables and pictures of the README
	@$(PYTHON) -m tools.generate

student: $(READY) ## write student/, the lessons without solutions, answers and outputs
	@$(PYTHON) -m tools.student edition

solutions: $(READY) ## write notebooks/SOLUTIONS.md, the teacher's page
	@$(PYTHON) -m tools.student solutions

spread: $(READY) ## run the lessons with many seeds on both sources, for the bands of their checks
	@$(PYTHON) -m tools.spread mnist digits

study: $(READY) ## run the studies of lessons 3, 6 and 7 anew, for hours; a stopped one goes on
	@$(PYTHON) -m tools.studies $(STUDIES)

benchmark: $(READY) ## measure training, start-up and lessons, against other libraries where installed
	@$(PYTHON) -m benchmarks $(QUESTIONS)

web: $(READY) ## build the page where you draw a digit into runs/web/
	@$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --no-build-isolation -e '.[site]'
	@$(PYTHON) -m tools.web

test-web: web ## test that page in Chromium (on Debian: apt-get install chromium)
	@$(PYTHON) -m pytest -rs tests/web

site: $(READY) ## build the site into runs/site/: the lessons as pages, and the page where you draw
	@$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --no-build-isolation -e '.[site]'
	@$(PYTHON) -m tools.website

test-site: $(READY) ## test the site in Chromium (on Debian: apt-get install chromium)
	@$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --no-build-isolation -e '.[site]'
	@$(PYTHON) -m pytest -rs tests/site

lab: $(READY) ## open lesson 1 in JupyterLab, where a training may take all cores
	@$(PYTHON) -m tools.lab

test-lab: $(READY) ## test the lessons in JupyterLab and Chromium (on Debian: apt-get install chromium)
	@$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --no-build-isolation -e '.[site]'
	@$(PYTHON) -m pytest -rs tests/lab

lock: $(READY) ## bring requirements.lock in line with pyproject.toml, keeping the versions it has
	@$(PYTHON) -m uv pip compile --universal --quiet --no-header --no-annotate \
		--python-version 3.11 --extra dev --extra cluster --extra nbgrader pyproject.toml -o requirements.lock
	@grep -Ev '^(nvidia|cuda|triton)' requirements.lock > requirements.new
	@mv requirements.new requirements.lock

licences: $(READY) ## write LICENCES.md, the licences of all locked packages
	@$(PYTHON) -m tools.licences

clean: ## delete runs/ and caches; not data/, not .venv
	rm -rf runs build .coverage* aelib.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml tools/setup.py
	@rm -f $(READY)
	@check='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'; \
	for python in python3 python3.13 python3.12 python3.11 none; do \
		if $$python -c "$$check" 2>/dev/null; then break; fi; \
	done; \
	if [ $$python = none ]; then \
		echo "None of python3, python3.13, python3.12 and python3.11 can make $(VENV)." >&2; \
		echo "It takes Python 3.11 or newer, with its modules venv and ensurepip:" \
			"install that (on Debian and Ubuntu with python3-venv) and run make again." >&2; \
		exit 1; \
	fi; \
	$$python -m tools.setup
