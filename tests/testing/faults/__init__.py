"""Seeded faults: functions with gradients that are wrong in a known way. Who checks the checker? These do.

Each is a pair of plain NumPy functions, so that the same fault can be put before the checkers of other frameworks.
"""

from testing.faults import behaviour, elementwise, indexing, linear, networks, reductions, second_order, windows
from testing.faults.record import Base, Seeded

__all__ = ["BASES", "FAULTS", "SECOND_ORDER", "Base", "Seeded"]

_FAMILIES = (elementwise, reductions, linear, indexing, windows, networks, behaviour)

#: Wrong first gradients.
FAULTS: list[Seeded] = [fault for family in _FAMILIES for fault in family.FAULTS]

#: The functions with their right gradients, which must pass.
BASES: list[Base] = list({id(fault.base): fault.base for fault in FAULTS}.values())

#: Functions of Tensors whose first gradient is right and whose second is wrong.
SECOND_ORDER = second_order.FAULTS
