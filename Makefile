# One local command for everything: `make demo` shows the product, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
VENDOR := src/amends/flows/report/vendor

.PHONY: demo test setup browser java lock format clean

demo: setup
	$(BIN)/amends demo

test: setup browser java
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

setup: .venv/.ready $(VENDOR)/.ready

.venv/.ready: requirements.lock requirements-bootstrap.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements-bootstrap.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

frontend/node_modules/.ready: frontend/package-lock.json
	cd frontend && npm ci --silent
	touch $@

# The style sheet holds what the templates use, so it is built again when one changes.
$(VENDOR)/.ready: frontend/node_modules/.ready frontend/build.mjs frontend/tailwind.mjs $(shell find frontend/css frontend/js src/amends/web -name "*.css" -o -name "*.js" -o -name "*.html" | grep -v /vendor/)
	cd frontend && node build.mjs
	touch $@

# The browser tests drive Debian's chromium; only root may install it, others are told.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo "chromium is missing: install it as root with 'apt-get install chromium', then run 'make test' again"; exit 1; }

# Spark, on which every read is tested beside DuckDB, needs a Java runtime.
java:
	@command -v java >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless; } \
	  || { echo "Java 17 is missing: install it as root with 'apt-get install openjdk-17-jre-headless', then run 'make test' again"; exit 1; }

lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra dev --extra spark --override requirements-overrides.txt pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url requirements-bootstrap.in -o requirements-bootstrap.lock
	cd frontend && npm install --package-lock-only --omit-lockfile-registry-resolved

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv frontend/node_modules $(VENDOR) src/amends/web/ui/static/vendor out
