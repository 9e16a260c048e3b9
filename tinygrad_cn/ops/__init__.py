"""The ops: one family a file, each op a forward function and its rules in NumPy's vocabulary."""
