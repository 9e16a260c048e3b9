"""The same work on this engine, on NumPy by hand and on other engines, timed side by side: ``python -m benchmarks``."""
