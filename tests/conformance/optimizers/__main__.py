"""``python -m tests.conformance.optimizers``: judges the optimizers, prints what fails, writes the table."""

import sys

from ..databases import main
from . import DATABASE

if __name__ == "__main__":
    sys.exit(main(DATABASE))
