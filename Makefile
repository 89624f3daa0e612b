# One command a target; `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml
APT := $(if $(filter 0,$(shell id -u)),,sudo -n) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120
ENGINES := pyspark==4.3.0 sqlglot awscli $(foreach one,duckdb duckdb-extension-httpfs duckdb-extension-aws,$(one)==1.5.5)
LINTERS := checkov==3.3.30 parliament==1.6.4
EVALUATOR := .venv/iam-simulate
UV := UV_COMPILE_BYTECODE=1 $(BIN)/uv pip install --quiet --python $(BIN)/python

.PHONY: help demo airflow check test lint bench engines browser ceph machine evaluator linters wheel lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/run ## See the main job work, with no account: sandbox, batches, backfill, a crash, the result
	@$(BIN)/collector demo

airflow: .venv/airflow ## A real Airflow on this machine, its squares turning green; on a sandbox, or on X with a token
	@$(BIN)/collector airflow

check: lint test ## Lint, types, imports and all tests: what CI runs

lint: .venv/dev ## Format, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/dev browser ceph machine evaluator linters ## All tests
	$(BIN)/pytest -n auto --dist loadgroup

browser: ## Install the browser that the page's tests drive, unless there is one
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends chromium fonts-liberation; }; \
	} >/dev/null 2>&1 || echo "the page's tests need a browser: install chromium (Debian: apt-get install chromium)"

ceph: ## Install the S3 server that enforces policies, on which the collector's rights are tried, unless there is one
	@{ { command -v radosgw && command -v ceph-mon && command -v ceph-osd && command -v ceph; } \
		|| { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends ceph-mon ceph-osd radosgw ceph-common; }; \
	} >/dev/null 2>&1 || echo "the tests of rights need Ceph (Debian: apt-get install ceph-mon ceph-osd radosgw ceph-common)"

machine: ## Install what makes, boots and lints the machine that the tests of EC2's first boot run in, unless it is there
	@{ { command -v debootstrap && command -v systemd-nspawn && command -v shellcheck; } \
		|| { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends debootstrap systemd-container shellcheck; }; \
	} >/dev/null 2>&1 || echo "the tests of the first boot need debootstrap, systemd-container and shellcheck (Debian), as root"

evaluator: .venv/dev ## Install the evaluator of IAM's rules that the tests of policies ask, if there is Node
	@cmp -s tests/rights/package-lock.json $(EVALUATOR)/package-lock.json \
		|| { mkdir -p $(EVALUATOR) && cp tests/rights/package.json $(EVALUATOR) \
			&& cp tests/rights/package-lock.json $(EVALUATOR)/npm-shrinkwrap.json \
			&& npm ci --prefix $(EVALUATOR) && cp tests/rights/package-lock.json $(EVALUATOR); } >/dev/null 2>&1 \
		|| echo "the tests of policies need Node 20 or newer with npm"

linters: .venv/uv ## Install what looks at Terraform and IAM documents, in an environment of its own: 300 MB
	@$(MAKE) --no-print-directory .venv/checkov/ready || echo "config/aws is not linted: no package index answers"

bench: .venv/dev ## Measure, and print a table of ratios
	$(BIN)/python tests/benchmarks/run.py

engines: .venv/dev .venv/engines/ready ## Run what `collector sql` prints in Spark, on Hive's serde, and from S3: 700 MB, Java 17
	$(BIN)/python tests/benchmarks/engines.py

wheel: .venv/run ## Build the package into dist/, with all that a machine needs: migrations, DAGs, locked requirements
	@rm -f dist/collector-*.whl
	$(BIN)/python -m hatchling build -t wheel -d dist

lock: .venv/uv ## Lock the newest versions of every dependency, with hashes
	$(LOCK) --upgrade --extra sandbox --extra airflow --extra celery --group build -o requirements-airflow.txt
	$(LOCK) --upgrade --extra sandbox --group build -c requirements-airflow.txt -o requirements.txt
	$(LOCK) --upgrade --extra sandbox --extra airflow --extra celery --group dev -c requirements-airflow.txt \
		-o requirements-dev.txt

clean: ## Remove what the targets made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

.venv/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

.venv/run: .venv/uv requirements.txt pyproject.toml
	$(UV) --require-hashes -r requirements.txt
	$(UV) --no-build-isolation --no-deps -e .
	@touch $@

.venv/airflow: .venv/run requirements-airflow.txt
	$(UV) --require-hashes -r requirements-airflow.txt
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	$(UV) --require-hashes -r requirements-dev.txt
	@touch $@

# checkov pins an old boto3, so it lives apart.
.venv/checkov/ready: .venv/uv Makefile
	$(PYTHON) -m venv .venv/checkov
	$(BIN)/uv pip install --quiet --python .venv/checkov/bin/python $(LINTERS)
	@touch $@

.venv/engines/ready: .venv/uv
	@command -v java >/dev/null || { echo "Spark needs Java 17: install openjdk-17-jre-headless"; exit 1; }
	$(PYTHON) -m venv .venv/engines
	$(BIN)/uv pip install --quiet --python .venv/engines/bin/python $(ENGINES)
	@touch $@
