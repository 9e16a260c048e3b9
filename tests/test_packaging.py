"""The list of packages in pyproject.toml, and that nothing claims the bare names `nn` and `optim`."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages_of(folder: str, name: str) -> set[str]:
    """The packages below a folder of the repository, by the names they are imported with."""
    inits = (ROOT / folder).rglob("__init__.py")
    return {".".join((name, *init.parent.relative_to(ROOT / folder).parts)) for init in inits}


def test_every_package_is_listed():
    folders = PROJECT["tool"]["setuptools"]["package-dir"]
    expected = set().union(*(packages_of(folder, name) for name, folder in folders.items()))
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(expected)


def test_numpy_is_the_only_dependency():
    assert [requirement.partition(">")[0] for requirement in PROJECT["project"]["dependencies"]] == ["numpy"]


@pytest.mark.parametrize("name", ["nn", "optim"])
def test_the_bare_names_are_not_installed(name, tmp_path):
    run = subprocess.run(
        [sys.executable, "-P", "-c", f"import {name}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert f"No module named '{name}'" in run.stderr


def test_importing_the_library_does_not_import_the_extras(tmp_path):
    # -W error: a warning at import would greet every user
    heavy = "{'typer', 'rich', 'matplotlib', 'sklearn', 'pooch', 'scipy'}"
    code = f"import sys, tinygrad_cn; found = {heavy} & set(sys.modules); assert not found, found"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
