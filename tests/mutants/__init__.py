"""Mutation testing of the gradient rules: each is made wrong in many ways, and the tests of its op must notice.

Run by ``make mutants``. The mutants are made from the rules' source (`sources`, `mutate`), installed in the registry
one at a time (`install`), and judged by the suite's own test functions (`suite`); `equivalent` lists those that are no
faults, with the reason.
"""
