# make book, make test: all that a newcomer needs. The rest: make help.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
READY  := $(VENV)/ready
PYTEST := $(PY) -m pytest
JOBS   ?= $(shell getconf _NPROCESSORS_ONLN || echo 2)
# PAGES_ON=.colab: the pages run on Colab's packages, once for the test and for the book.
# The unit tests must not know it: they run pages of their own.
unexport PAGES_ON
ifdef PAGES_ON
ELSEWHERE := .colab/ready
ON := PAGES_ON=$(CURDIR)/.colab
endif
SHARED := -n $(JOBS) --dist worksteal
SCRIPTS := cnnlab/widgets book/_static book/_live tools/pdf.js jsconfig.json .oxlintrc.json .oxfmtrc.json
SOURCES := cnnlab tests tools benchmarks book/_ext conftest.py

# SOLUTIONS=no, here or in the environment: the book and the notebooks without the solutions.
SOLUTIONS ?= yes
TOC := $(if $(filter no,$(SOLUTIONS)),_build/toc.yml,_toc.yml)

# TensorFlow's notices on stderr say nothing that a reader can act on.
export TF_CPP_MIN_LOG_LEVEL ?= 3
export KERAS_BACKEND ?= tensorflow

.DEFAULT_GOAL := help
.PHONY: help book serve pdf offline test check lint unit mutants jax pages colab jax-pages lowest browser links exercises notebooks
.PHONY: bench format lock clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"Python 3.11 or newer is needed; {sys.executable} is {v.major}.{v.minor}. Try: make PYTHON=python3.12 book")'
	@echo "== Setting up $(VENV) (a few minutes, once)"
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --disable-pip-version-check --progress-bar on --require-hashes -r requirements.lock
	$(PY) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

_build/toc.yml: _toc.yml tools/toc.py $(READY)
	$(PY) tools/toc.py $@

book: $(READY) $(TOC) $(ELSEWHERE) ## run every page and build the book into _build/html (SOLUTIONS=no: without them)
	@echo "== Pages"
	$(ON) $(PY) tools/pages.py --jobs $(JOBS) --toc $(TOC)
	@echo "== Building the book"
	$(ON) $(VENV)/bin/jupyter-book build . --toc $(TOC) -W --keep-going
	@echo
	@echo "The book is at _build/html/index.html. Open that file, or run: make serve"

serve: ## serve the built book at http://localhost:8000
	@test -f _build/html/index.html || { echo "There is no book yet. Run: make book"; exit 1; }
	@echo "http://localhost:8000 (Ctrl-C ends it)"
	@$(PY) -m http.server --directory _build/html --bind 127.0.0.1 8000

pdf: $(READY) $(TOC) ## print the built book into _build/html/cnnlab-book.pdf (needs Chromium or Chrome)
	$(PY) tools/pdf.py $(TOC) _build/html/cnnlab-book.pdf

offline: $(READY) ## pack the built book into _build/html/cnnlab-book.zip, which works from a folder
	$(PY) tools/offline.py _build/html/cnnlab-book.zip

# What runs is run on all cores, so nothing runs beside it. The book is built before browsers look.
.NOTPARALLEL:
test: lint mutants unit jax pages book browser ## run every test: lint, units, pages, browser
	@echo
	@echo "All tests passed."

check: $(READY) lint ## after a change to a room: lint, the tests and pages that it can reach (3 minutes)
	@echo "== What the change can reach"
	$(PY) -m tools.check --jobs $(JOBS)

lint: $(READY) ## check style, format and spelling
	@echo "== Lint"
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/oxlint
	$(VENV)/bin/oxfmt --check $(SCRIPTS)
	$(VENV)/bin/codespell

unit: $(READY) ## run the tests that need no browser
	@echo "== Unit tests"
	$(PYTEST) $(SHARED) -m "not browser" tests

mutants: $(READY) ## prove the questions that changed: what is nearly right must not pass
	@echo "== Answers that are nearly right"
	$(PY) -m tools.mutants --jobs $(JOBS)

jax: $(READY) ## run the networks on JAX, which is not the book's backend
	@echo "== Networks on JAX"
	KERAS_BACKEND=jax $(PYTEST) $(SHARED) -m "networks and not slow" \
	  $$(grep -rl --include="test_*.py" mark.networks tests)

pages: $(READY) $(ELSEWHERE) ## run every page and exercise as a student gets it: made notebook, wheel, no network
	@echo "== Pages and exercises"
	$(ON) $(PY) tools/pages.py --jobs $(JOBS) --exercises

.colab/ready: tests/colab.txt tests/colab.py $(READY)
	@echo "== Colab's packages (some minutes, once)"
	$(PY) -m tests.colab .colab
	@touch $@

colab: $(READY) .colab/ready ## run every page and exercise with Colab's versions of everything
	@$(MAKE) --no-print-directory pages PAGES_ON=.colab

jax-pages: $(READY) $(ELSEWHERE) ## run every page on JAX (slow)
	@echo "== Pages, on JAX"
	KERAS_BACKEND=jax $(PY) tools/pages.py --jobs $(JOBS)

EXTRAS := --extra cpu --extra book --extra grade --extra test
.lowest/ready: pyproject.toml
	@echo "== The lowest versions that pyproject.toml allows"
	uv venv --quiet --clear --python 3.11 .lowest
	uv pip compile --quiet --resolution lowest-direct --python-version 3.11 $(EXTRAS) pyproject.toml -o .lowest/requirements.txt
	uv pip install --quiet --compile-bytecode --python .lowest -r .lowest/requirements.txt
	uv pip install --quiet --python .lowest --no-deps --no-build-isolation -e .
	@touch $@

lowest: .lowest/ready ## run the unit tests with the lowest versions that are allowed (needs uv; slow)
	.lowest/bin/python -m pytest $(SHARED) -m "not slow and not browser" tests

browser: $(READY) ## test the built book in a real browser
	@echo "== Browser"
	$(ON) $(PYTEST) $(SHARED) -m browser tests

links: $(READY) ## list the built book's links to other hosts, and ask each whether it is there (needs the network)
	$(PY) tools/links.py --ask

exercises: $(READY) ## write exercises/*.md from solutions/*.md
	$(PY) tools/exercises.py

notebooks: $(READY) $(TOC) ## write _build/notebooks/**.ipynb, as Colab gets them (SOLUTIONS=no: without them)
	@rm -rf _build/notebooks/solutions
	$(PY) tools/notebooks.py _build/notebooks $(TOC)

bench: $(READY) ## measure speed beside TensorFlow, and accuracy over three seeds
	$(PY) -m benchmarks

format: $(READY) ## format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(VENV)/bin/oxlint --fix
	$(VENV)/bin/oxfmt $(SCRIPTS)

lock: ## write requirements.lock anew (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 $(EXTRAS) \
	  --no-emit-index-url --custom-compile-command "make lock" --upgrade pyproject.toml -o requirements.lock

clean: ## remove what was built (the environment stays)
	rm -rf _build dist .colab .lowest
