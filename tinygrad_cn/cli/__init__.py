"""The console command `tinygrad-cn`."""

import sys

__all__ = ["main"]

# The library needs NumPy alone; what the command needs beyond it comes as extras of the package.
EXTRAS = {
    "typer": "cli",
    "rich": "cli",
    "matplotlib": "plots",
    "sklearn": "data",
    "pooch": "data",
    "hypothesis": "testing",
}


def main() -> None:
    """Runs the command; a missing package is reported by the extra that brings it."""
    try:
        from tinygrad_cn.cli.app import app

        app()
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS:
            raise
        sys.exit(f"tinygrad-cn needs {module} for this. Install it with: pip install 'tinygrad_cn[{EXTRAS[module]}]'")
