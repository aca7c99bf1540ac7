# make demo     see and hear the bot in a local sandbox: no account, key or download (PORT=8765)
# make run      run it against Discord, with the settings in .env
# make test     the test suite
# make guests   discord.js for tests/e2e/test_guest.py, which are skipped without (needs npm)
# make storm    three minutes in which everything breaks at random
# make lint     ruff and mypy
# make fetch-voices  Kokoro's model and voices (330 MB) into KOKORO_MODEL_DIR
# make bench    the benchmarks of docs/performance.md
# make lock     renew the locked requirements (needs uv)

PYTHON ?= $(shell sh scripts/find-python)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo run fetch-voices test guests storm lint bench lock clean

help:
	@sed -n 's/^# //p' Makefile

demo: .venv/.base
	@$(BIN)/python -m sandbox --script demo $(if $(PORT),--port $(PORT))

run: .venv/.base
	@$(BIN)/python bot.py

fetch-voices: .venv/.base
	@$(BIN)/python -m scripts.fetch_voices $(VOICES)

test: .venv/.dev
	@$(BIN)/python -m pytest -q -n 4 --dist worksteal

guests:
	@npm ci --prefix tests/guests

storm: .venv/.dev
	@$(BIN)/python -m tests.e2e.storm

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/.bench
	@$(BIN)/python -m benchmarks

.venv/.base: requirements.txt
	@sh scripts/install "$(PYTHON)" requirements.txt && touch $@

.venv/.dev: requirements-dev.txt
	@sh scripts/install "$(PYTHON)" requirements-dev.txt && touch $@ .venv/.base

.venv/.bench: requirements-bench.txt .venv/.dev
	@sh scripts/install "$(PYTHON)" requirements-bench.txt && touch $@

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements-dev.txt
	uv pip compile pyproject.toml --group dev --extra bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements-bench.txt

clean:
	rm -rf .venv
