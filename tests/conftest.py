"""Hypothesis profiles: `dev` while writing code, `ci` repeats itself exactly, `thorough` looks far."""

from hypothesis import HealthCheck, settings

# A busy machine makes any example late, which says nothing about the code: no deadlines.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("dev", max_examples=20, **_COMMON)
settings.register_profile("ci", max_examples=40, derandomize=True, database=None, print_blob=True, **_COMMON)
settings.register_profile("thorough", max_examples=2_000, **_COMMON)

# The command line wins: pytest --hypothesis-profile=thorough
settings.load_profile("dev")
