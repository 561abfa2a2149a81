# `make run` starts SegOps on a demo store, `make test` runs every test. Both fetch and build what is missing.
# What is fetched or stamped is kept in .cache/, and may be deleted at any time.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

CACHE := .cache
TOOLS := $(CURDIR)/$(CACHE)/tools
VENV := $(CURDIR)/$(CACHE)/venv
PYTHON ?= python3
# What `make test-long` plays: each history has several rules, and counts as a case for each.
HISTORIES ?= 40000
PYTHON_REQUIREMENTS := $(wildcard tests/sdk/python/requirements.txt tests/oracle/requirements.txt tests/sql/requirements.txt tests/bucket/requirements.txt)
NODE_FOLDER := tests/sdk/node
NODE_STAMP := $(NODE_FOLDER)/node_modules/.package-lock.json

# Tools found here first, so that nothing has to be installed for the whole machine.
export PATH := $(TOOLS)/bin:$(HOME)/.cargo/bin:$(PATH)

.PHONY: help run test check test-rust test-long test-sdk test-oracle test-analytics test-parts test-sql test-bucket test-import bench bench-history fmt build clean-cache

help: ## say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: ## build, make a demo store in demo-data/ and serve it
	@scripts/demo.sh

test: check test-rust test-sdk test-oracle test-analytics test-parts test-sql test-bucket test-import ## run every check and every test
	@echo "make test: all passed"

check: $(CACHE)/cargo-deny.tool ## formatting, lints, layering, licences
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	cargo xtask tidy
	@scripts/deny.sh

test-rust: $(CACHE)/cargo-nextest.tool ## unit, property and process tests
	cargo nextest run --workspace --locked
	cargo test --workspace --locked --quiet --doc

test-long: $(CACHE)/cargo-nextest.tool ## hundreds of thousands of histories of rules, for hours
	SEGOPS_ORACLE_HISTORIES=$(HISTORIES) PROPTEST_CASES=$(HISTORIES) cargo nextest run --profile long \
		--package segops-engine --locked -E 'test(live_equals_rebuild)'

test-sdk: build $(NODE_STAMP) $(VENV)/requirements.stamp ## real SDKs against the server, the browser's in Chromium
	SEGOPS_PYTHON=$(VENV)/bin/python SEGOPS_BINARY="$$(scripts/binary.sh debug)" \
		node --test $(NODE_FOLDER)/*.test.js $(NODE_FOLDER)/browser/*.test.js

test-oracle: build $(VENV)/requirements.stamp ## rules over real data against DuckDB and pandas
	$(VENV)/bin/python tests/oracle/run.py --segops "$$(scripts/binary.sh debug)"

test-analytics: build $(VENV)/requirements.stamp ## analyses of real data against pandas and DuckDB
	$(VENV)/bin/python tests/analytics/run.py --segops "$$(scripts/binary.sh debug)"

test-parts: $(VENV)/requirements.stamp ## what DuckDB reads of parts with merges and deletions pending
	cargo build --package segops-parts --example pending --locked
	rm -rf $(CACHE)/parts && mkdir -p $(CACHE)/parts
	"$$(scripts/binary.sh debug examples/pending)" $(CACHE)/parts 20261126
	$(VENV)/bin/python tests/parts/run.py $(CACHE)/parts

test-sql: build $(VENV)/requirements.stamp ## SQL against DuckDB, and psql and real drivers against the server
	$(VENV)/bin/python tests/sql/run.py --segops "$$(scripts/binary.sh debug)"

test-bucket: build $(VENV)/requirements.stamp ## the history in a bucket of a real S3 server, beside the same on disk
	$(VENV)/bin/python tests/bucket/run.py --segops "$$(scripts/binary.sh debug)"

test-import: build $(VENV)/requirements.stamp ## Parquet files of real writers against JSON lines and CSV, and files that lie
	$(VENV)/bin/python tests/import/run.py --segops "$$(scripts/binary.sh debug)"

build:
	cargo build --package segops-server --locked

bench: ## events a second and acknowledgement times, beside a bare loop
	cargo build --release --package segops-server --package segops-bench --locked
	"$$(scripts/binary.sh release segops-bench)" --binary "$$(scripts/binary.sh release)" $(BENCH_ARGUMENTS)

bench-history: ## questions of a long history, beside DuckDB and ClickHouse over the same rows
	cargo build --release --package segops-history-bench --locked
	@mkdir -p $(CACHE)/history
	[ -x $(CACHE)/history/venv/bin/python ] || $(PYTHON) -m venv $(CACHE)/history/venv
	$(CACHE)/history/venv/bin/python -m pip install --quiet -r bench/history/requirements.txt
	$(CACHE)/history/venv/bin/python bench/history/run.py --binary "$$(scripts/binary.sh release segops-history-bench)" \
		--folder $(CACHE)/history/measured --changed $(BENCH_ARGUMENTS)

fmt: ## format the code
	cargo fmt --all

clean-cache: ## forget what was fetched
	rm -rf $(CACHE)

# A tool that the machine has is used; else it is built into .cache/tools.
$(CACHE)/%.tool:
	@mkdir -p $(CACHE)
	@scripts/tool.sh $* $(TOOLS)
	@touch $@

# npm writes this file when it is done. `npm ci` would refuse a lock file that leaves out builds of an optional
# package for other systems; `install --no-save` takes the locked versions and hashes as well, and changes nothing.
$(NODE_STAMP): $(NODE_FOLDER)/package.json $(NODE_FOLDER)/package-lock.json
	npm install --no-save --prefix $(NODE_FOLDER) --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(VENV)/requirements.stamp: $(PYTHON_REQUIREMENTS)
	[ -x $(VENV)/bin/python ] || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet $(foreach file,$(PYTHON_REQUIREMENTS),-r $(file))
	@touch $@
