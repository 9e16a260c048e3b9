# Needs only make and Python 3.11+: each target makes .venv and installs into it when it is missing or stale.
#   make demo PYTHON=/path/to/python    chooses the interpreter for a .venv that is yet to be made

python := .venv/bin/python
export PYTHON

.PHONY: help demo test mutants conformance docs lint bench clean

help:
	@echo "make demo    train a convolutional network on real handwritten digits and check its gradients"
	@echo "make test    run the tests"
	@echo "make mutants make every gradient rule wrong in many ways and count how often the tests notice (OPS=add,matmul)"
	@echo "make conformance   compare with PyTorch, operators, modules, optimizers (installs torch; OPS=add,mul for some)"
	@echo "make docs    write docs/numpy.md from the engine's tables"
	@echo "make lint    ruff and mypy"
	@echo "make bench   time this engine beside NumPy and what other engines are installed"
	@echo "make clean   remove .venv and everything that was built (runs/ stays)"

demo:
	@.ci/venv all
	@$(python) -m tinygrad_cn train --check-gradients --expect-accuracy 98

test:
	@.ci/venv all,dev
	@$(python) -m pytest --hypothesis-profile=ci -n 2

# Takes about ten minutes on two cores. Without OPS docs/mutants.md is written anew.
mutants:
	@.ci/venv all,dev
	@$(python) -m tests.mutants -v $(if $(OPS),--ops $(OPS),--write)

# PyTorch serves as the oracle here and is needed for nothing else. Without OPS, MODULES (nn.Linear,nn.LSTM) and
# OPTIMIZERS (SGD,Adam) the tables are written anew.
conformance:
	@.ci/venv all,dev
	@$(python) -c 'import torch, expecttest; assert torch.__version__.startswith("2.13.0")' 2>/dev/null || \
	    $(python) -m pip install --quiet --disable-pip-version-check torch==2.13.0 expecttest
	@status=0; \
	$(if $(MODULES)$(OPTIMIZERS),,$(python) -m tests.conformance $(if $(OPS),-v --ops $(OPS),--write) || status=1;) \
	$(if $(OPS)$(OPTIMIZERS),,$(python) -m tests.conformance.modules $(if $(MODULES),-v --modules $(MODULES),--write) || status=1;) \
	$(if $(OPS)$(MODULES),,$(python) -m tests.conformance.optimizers $(if $(OPTIMIZERS),-v --optimizers $(OPTIMIZERS),--write) || status=1;) \
	exit $$status

docs:
	@.ci/venv all
	@$(python) docs/list_numpy_functions.py

lint:
	@.ci/venv all,dev
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@.ci/typecheck

bench:
	@.ci/venv all,dev
	@$(python) -m benchmarks

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
