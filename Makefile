# `make` lists what can be made. Set-up happens by itself, once, in .venv.
PYTHON ?= python3
THEME  ?= ballast
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
comma  := ,
AXE    := .cache/axe
ROOT   := $(if $(filter 0,$(shell id -u)),--allow-root)
NBVAL  := -p engineroom.teach.nbval_figures --nbval --nbval-cell-timeout=120 -n 2 --dist loadscope
STORED := $(shell find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help lab test check unit notebooks test-browser doctor warm record release grade fidelity site store bench soak constraints clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

lab: warm $(if $(TEACH),$(VENV)/.with-teach) ## set up, and open JupyterLab on the start page (TEACH=1: with nbgrader's tools)
	$(if $(TEACH),PATH="$(CURDIR)/$(BIN):$$PATH" JUPYTER_CONFIG_PATH=lib/engineroom/teach/lab )$(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir=. \
	  --LabApp.default_url=/lab/tree/notebooks/start_here.ipynb $(ROOT) $(LAB_FLAGS)

test: check unit notebooks ## set up, and run all tests: lint, layers, Go, units, every notebook

check: $(READY) ## the fast half of the tests: lint, format, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

unit: warm $(VENV)/.with-teach-cluster
	$(BIN)/engineroom vet
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --ignore=tests/browser tests

notebooks: warm
	ENGINEROOM_PROGRESS=off $(BIN)/python -m pytest -q $(NBVAL) $(STORED)

test-browser: warm $(VENV)/.with-browser-teach $(AXE) ## every notebook and explorer in a real browser, and accessibility (needs chromium, npm)
	$(BIN)/python -m pytest -q tests/browser

$(AXE): # tests that need it say what to do if it could not be brought
	-@npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --prefix $@ axe-core@4.14.1 || rm -rf $@

doctor: $(READY) ## say what this machine lacks, and what brings it
	$(BIN)/engineroom doctor

warm: $(READY)
	@$(BIN)/engineroom warm

record: warm ## run a theme's real programs anew and store what they did (THEME=ballast)
	$(BIN)/python -m engineroom.$(THEME).record

release: $(READY) ## generate the exercise notebooks from assignments/
	$(BIN)/engineroom release

grade: warm $(VENV)/.with-teach ## grade a folder of submissions, each in a sandbox (SUBMISSIONS=folder)
	@test -n "$(SUBMISSIONS)" || { echo "say which folder: make grade SUBMISSIONS=folder" >&2; exit 2; }
	$(BIN)/engineroom grade "$(SUBMISSIONS)"

fidelity: warm ## compare every model with its real thing anew: docs/fidelity.md and README's summary
	$(BIN)/engineroom fidelity

site: $(VENV)/.with-site ## build the reading copy, a static site, in build/site/html (LAUNCH=beginning of a Binder or hub link)
	$(BIN)/engineroom site $(if $(LAUNCH),--launch '$(LAUNCH)')

store: warm ## run every lesson and store its outputs in it
	$(BIN)/engineroom store $(wildcard notebooks/*.ipynb notebooks/*/[0-9]*.ipynb)

bench: warm $(VENV)/.with-browser-hub-teach ## measure everything beside its peers: docs/benchmarks.md (QUICK=1: does it all work?)
	$(BIN)/engineroom bench $(if $(QUICK),--quick)

soak: warm ## run all notebooks COUNT=20 times under strain; report flakes and whatever grows
	$(BIN)/python tests/soak.py --count $(or $(COUNT),20)

constraints: $(READY) ## renew the pinned versions in constraints.txt
	{ sed -n 1p constraints.txt; $(BIN)/uv pip compile -q --universal --python-version 3.11 --all-extras \
	  --no-emit-index-url --no-annotate --no-header pyproject.toml; $(BIN)/uv --version | sed -E 's/uv ([0-9.]+).*/uv==\1/'; } > constraints.new
	mv constraints.new constraints.txt

clean: ## remove the set-up and what was built
	rm -rf $(VENV) build .cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(READY): pyproject.toml constraints.txt lib/engineroom/lab_settings.json
	@$(PYTHON) -c 'import sys; sys.exit("The Engine Room needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.13" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv (about a minute the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	@$(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[test]' \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@mkdir -p $(VENV)/share/jupyter/lab/settings $(VENV)/etc/jupyter/labconfig
	@cp lib/engineroom/teach/learners_lab.json $(VENV)/etc/jupyter/labconfig/page_config.json
	@cp lib/engineroom/lab_settings.json $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

# What only some targets need, brought once: the extras of pyproject.toml, by name.
$(VENV)/.with-%: $(READY)
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python -c constraints.txt -e '.[$(subst -,$(comma),$*)]'
	@touch $@
