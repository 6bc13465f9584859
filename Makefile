PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The demo and the tests keep their state here, apart from a real home.
DEMO_HOME := $(CURDIR)/.sheaf
WITHOUT := not postgres and not ocr and not corpus and not newest_sdk
# One environment a client that cannot share ours, and the npm packages of tests/sdk/typescript.
SDK_VENVS := .venv-sdk
SDKS := newest services
TYPESCRIPT := tests/sdk/typescript
PEERS_VENV := .venv-peers
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q

.PHONY: install demo stack stack-test env env-key test check integration sdk fuzz chaos bench bench-peers lock clean help

help: ## Show the targets.
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed ## Make .venv with .venv/bin/sheaf.

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sheaf needs Python 3.11 or newer")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install ## Run a parse and a classify batch over examples/documents.
	SHEAF_HOME=$(DEMO_HOME) $(BIN)/python -m examples.demo $(if $(KEEP),--keep)

stack: install ## Run a batch on Postgres, S3, two workers and the API, as compose has them, without docker.
	$(BIN)/python -m deploy.stack $(if $(KEEP),--keep)

stack-test: install ## Run the kill tests of batches and webhooks on Postgres and S3.
	$(BIN)/python -m deploy.stack --test

env: ## Write .env with new secrets, for docker compose.
	$(PYTHON) deploy/make_env.py

env-key: ## Write a new signing key to .env, beside those of before.
	$(PYTHON) deploy/make_env.py --renew-signing-key

lock: ## Lock all packages again, and those that run apart.
	uv pip compile pyproject.toml --extra dev $(LOCK_OPTIONS) -o requirements.lock
	uv pip compile tests/sdk/newest.in $(LOCK_OPTIONS) -o tests/sdk/newest.lock
	uv pip compile tests/sdk/services.in $(LOCK_OPTIONS) -o tests/sdk/services.lock
	npm install --prefix $(TYPESCRIPT) --package-lock-only --no-audit --no-fund
	uv pip compile pyproject.toml --extra image --constraint requirements.lock $(LOCK_OPTIONS) -o deploy/requirements.lock

test: install ## Run all tests that need nothing but the lock file.
	$(BIN)/python -m pytest -m "$(WITHOUT)" --ignore=tests/sdk

check: install ## Format, lint, types, and the quick tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -m "$(WITHOUT)" tests/unit tests/api tests/workflows tests/replay

integration: install ## Run the tests with real processes.
	$(BIN)/python -m pytest -m "$(WITHOUT)" tests/integration

sdk: install $(SDKS:%=$(SDK_VENVS)/%/.installed) $(TYPESCRIPT)/node_modules/.installed ## Drive a live server with the official clients of Python and TypeScript.
	$(BIN)/python -m pytest -s tests/sdk

$(SDK_VENVS)/%/.installed: tests/sdk/%.lock
	test -d $(@D) || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

$(TYPESCRIPT)/node_modules/.installed: $(TYPESCRIPT)/package-lock.json
	npm ci --prefix $(TYPESCRIPT) --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

fuzz: install ## Send 20,000 generated requests to a live server, with every check of schemathesis.
	$(BIN)/python -m tests.fuzz.run --requests 20000

chaos: install ## Run the kill tests with 10 seeds each.
	SHEAF_TEST_SEEDS=10 $(BIN)/python -m pytest tests/integration/test_faults.py

bench: install ## Print the figures of docs/performance.md, but for the million; DOCUMENTS=DIR adds those of PDFs.
	$(BIN)/python -m bench.noop
	$(BIN)/python -m bench.actions
	$(BIN)/python -m bench.makespan --files 800
	$(BIN)/python -m bench.skips
	$(BIN)/python -m bench.many_jobs
	$(BIN)/python -m bench.scale_out
	$(if $(DOCUMENTS),$(BIN)/python -m bench.losses --documents $(DOCUMENTS))
	$(if $(DOCUMENTS),$(BIN)/python -m bench.throughput --documents $(DOCUMENTS))

bench-peers: install $(PEERS_VENV)/.installed ## Print files/s of what users take instead: DBOS, Celery, plain Temporal.
	$(BIN)/python -m bench.peers

$(PEERS_VENV)/.installed: bench/peers.lock
	test -d $(PEERS_VENV) || $(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

clean: ## Remove the virtual environment and the demo's state.
	rm -rf $(VENV) $(SDK_VENVS) $(TYPESCRIPT)/node_modules $(PEERS_VENV) $(DEMO_HOME) out
