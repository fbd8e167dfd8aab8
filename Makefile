# Each target sets up .venv by itself; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint parity golden notebooks tiny-ja clean

demo: $(VENV)/.run
	$(BIN)/neoxja generate 人とAIが協調するためには、 --max-new-tokens 40

test: $(VENV)/.dev
	$(BIN)/coverage erase
	OPENBLAS_NUM_THREADS=1 $(BIN)/coverage run -m pytest -q -n auto --dist worksteal --ignore tests/parity
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy

parity: $(VENV)/.parity
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/pytest -q -n auto --dist worksteal tests/parity

# tests/golden and the suite's vectors anew, from transformers and from our own tokenizer; look at the difference before you commit it
golden: $(VENV)/.parity
	$(BIN)/python -m tools.small_vocabulary
	$(BIN)/python -m tools.random_ja
	$(BIN)/python -m tools.make_golden
	$(BIN)/python -m tools.tokenizer_vectors

# every notebook from a fresh kernel, beside what is committed (`python -m tools.notebooks --write` keeps the new outputs)
notebooks: $(VENV)/.dev
	$(BIN)/python -m tools.notebooks

# weights/tiny-ja anew, corpus and all: about two hours on two cores; what stands in build/ is gone on with
tiny-ja: $(VENV)/.dev
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tools.tiny_ja.recipe
	$(BIN)/python -m tools.tiny_ja.evaluate
	$(BIN)/python -m tools.tiny_ja.card

clean:
	rm -rf .venv .venv-parity .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache dist

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	touch $@

$(VENV)/.run: $(VENV)/.pip pyproject.toml
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run pyproject.toml
	$(BIN)/python -m pip install -q -e . --group dev
	touch $@

# torch by its exact version, and before transformers: a bare "torch" can pull gigabytes of CUDA
$(VENV)/.parity: $(VENV)/.dev pyproject.toml
	$(BIN)/python -m pip install -q torch==2.13.0
	$(BIN)/python -m pip install -q -e . --group parity
	touch $@
