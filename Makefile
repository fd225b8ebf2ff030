# Every target installs first what it needs (tools/install says what) and then takes less than a second for that.
.DEFAULT_GOAL := help
.PHONY: help install keepaliveds lint types unit golden test-quick sanity artifact test-kernel test-engine molecule bench demo red test test-full clean

# The wrappers in .cache/bin run keepalived, ipvsadm and nginx unpacked from Debian's packages; installed ones are in /usr/sbin.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.cache/bin:$(PATH):/usr/sbin:/sbin
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections
# molecule names its state after the basename of the checkout: two checkouts of one name must not share it.
export ANSIBLE_HOME ?= $(CURDIR)/.cache/ansible
# Without it molecule advises to move molecule/ into extensions/, on every run.
export MOLECULE_GLOB := molecule/*/molecule.yml

SCENARIO ?= default
MACHINE ?= trixie
REPORT = --junitxml=.reports/$@.xml
# The same on the oldest ansible-core that the collection supports and that installs here.
OLDEST = env PATH="$(CURDIR)/.cache/oldest/bin:$$PATH" pytest --junitxml=.reports/$@-oldest.xml

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## Install what the targets below need, inside the checkout
	@tools/install

keepaliveds: ## The same, and the keepalived of each Debian that roles meet, which golden and test-kernel ask
	@tools/install keepaliveds

lint: install ## Style and metadata: ruff, yamllint, ansible-lint, shellcheck, changelog, documentation
	@tools/lint

types: install ## Types: mypy
	mypy

unit: install ## Unit tests; those of modules and filters on the oldest ansible-core too
	pytest tests/unit -n 2 $(REPORT)
	$(OLDEST) tests/unit/plugins/modules tests/unit/plugins/filter -n 2

golden: keepaliveds ## Descriptions against expected files and real keepalived and nginx (GOLDEN_ACCEPT=1 keeps what is new)
	pytest tests/golden $(REPORT)

test-quick: keepaliveds ## lint, types, unit, golden
	@PYTHONPATH=lab:.collections python tests/run.py quick

sanity: install ## ansible-test sanity
	@tools/sanity

artifact: install ## Build the collection, install it elsewhere, use it by name, import it as Galaxy would
	pytest tests/artifact -n 2 $(REPORT)
	$(OLDEST) tests/artifact -n 2 --deselect tests/artifact/test_artifact.py::test_galaxy_imports_it_without_a_complaint

test-kernel: keepaliveds ## The IPVS modules on a real kernel that has IPVS
	lab/lab run -- env PATH="$$PATH" PYTHONPATH=.collections $(CURDIR)/.venv/bin/pytest tests/kernel $(REPORT)

test-engine: install ## The lab's engine "host" on a user's machine: make test-engine MACHINE=bookworm
	lab/lab run --machine $(MACHINE) -- pytest tests/engine --junitxml=.reports/$@-$(MACHINE).xml

molecule: install ## One scenario on its lab, from nothing to nothing: make molecule SCENARIO=default
	@PYTHONPATH=lab:.collections python tests/scenario.py $(SCENARIO)

bench: install ## How fast site.yml is, and the modules of IPVS, and what a description costs on the controller
	python benchmarks/controller.py .reports/bench-controller.json
	python benchmarks/playbook.py .reports/bench-playbook.json
	lab/lab run -- env PATH="$$PATH" python benchmarks/ipvs_table.py 1000 10 .reports/bench-ipvs-table.json

demo: install ## A cluster from nothing, and a director killed before your eyes
	lab/demo

red: install ## Break what each test of a scenario guards, and see it go red (needs its lab up and set up): make red ROWS=arp
	@PYTHONPATH=lab:.collections python tests/red.py $(SCENARIO) $(ROWS)

test: keepaliveds ## Everything that fits its budget, two side by side
	@PYTHONPATH=lab:.collections python tests/run.py test

test-full: keepaliveds ## Everything
	@PYTHONPATH=lab:.collections python tests/run.py full

clean: ## Remove all that install and the gates made
	rm -rf .venv .collections .cache .reports .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache
