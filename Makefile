# Everything a newcomer, CI and the hooks call. `make setup` runs first where it is needed; on a
# machine that has everything it costs a moment.

.DEFAULT_GOAL := help
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
PYTHON_FILES := services shared hotline bench faults tests

.PHONY: help setup setup-dev setup-watch setup-faults demo test whole faults bench check bare clean

help: ## list these
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1  \2/p' Makefile

setup: ## install what is missing: Debian packages, .venv, the hotline command
	@deploy/setup.sh embedded

setup-dev:
	@deploy/setup.sh dev

setup-watch:
	@deploy/setup.sh watch

demo: $(if $(WATCH),setup-watch,setup) ## start the hotline and play real requests through it; ONCE=1 ends by itself, WATCH=1 watches it
	@$(BIN)/hotline demo

test: setup-dev ## run the tests of the services on servers of their own; ARGS goes to pytest
	@$(PYTEST) -m "not whole" $(ARGS)

whole: setup-dev ## run the tests of a whole hotline: in a browser, over days, while it is killed
	@$(PYTEST) -m whole $(ARGS)

setup-faults:
	@deploy/setup.sh faults

faults: setup-faults ## kill and cut everything under load, then audit; SEED= replays, TICKETS=, KILLS=
	@$(BIN)/python -m faults $(if $(SEED),--seed $(SEED)) $(if $(TICKETS),--tickets $(TICKETS)) \
		$(if $(KILLS),--kills $(KILLS)) $(ARGS)
	@$(BIN)/python -m faults.deadlines $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m faults.documents $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m faults.lost $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m faults.week $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m faults.messages $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m faults.calls $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m faults.typescript
	@$(BIN)/python -m faults.proxied

bench: setup-dev ## measure the hotline on servers of its own; ARGS: parts, --quick, --json PATH
	@$(BIN)/python -m bench $(ARGS)

check: setup-dev ## style, types and the walls between packages
	@$(BIN)/ruff check $(PYTHON_FILES)
	@$(BIN)/ruff format --check $(PYTHON_FILES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bare: ## demo and test in a bare Debian 12 root (needs root and debootstrap)
	@deploy/bare.sh demo test

clean: ## remove what setup and the tools made; the data in .hotline stays
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
		.hypothesis
	find $(PYTHON_FILES) -name __pycache__ -type d -prune -exec rm -rf {} +
