"""PyTorch's own operator database, run against this engine.

``python -m tests.conformance`` runs it and writes ``docs/conformance.md``; ``--help`` says how to run a part.
Needs torch (the version in `VERSION`); nothing outside this folder does.
"""

VERSION = "2.13.0"
