# Every target does its own set-up. Needs make and Python >= 3.11, nothing else.
.POSIX:
.PHONY: setup demo test check bench ui docs clean

BIN = .venv/bin
DEMO = demo-workspace
WORKERS = 3

setup: .venv/ready
	@tools/build_ui

.venv/ready: pyproject.toml constraints.txt tools/setup
	@PYTHON="$(PYTHON)" tools/setup

demo: setup
	@rm -rf $(DEMO)
	@$(BIN)/foretell demo --dir $(DEMO)

test: setup
	@tools/browser
	@tools/postgresql
	@$(BIN)/python -m tools.java
	@tools/sdk_packages
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.size_rules
	$(BIN)/python -m tools.house_rules
	@tools/build_ui --check

bench: setup
	$(BIN)/foretell bench import

ui: .venv/ready
	@tools/build_ui --check

docs: setup
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(DEMO) site build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
