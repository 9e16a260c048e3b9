"""Who imports whom: down only, at the top of the file, by name.

The layers, from below. A module imports from layers below its own, and from its own where that is listed.
"""

import ast
import functools
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygrad_cn

PACKAGE = Path(tinygrad_cn.__file__).parent
NN, OPTIM = (Path(importlib.import_module(f"tinygrad_cn.{name}").__file__).parent for name in ("nn", "optim"))

#: Layers from below; a name with a trailing dot means all modules of that package. Order inside a layer is not laid
#: down, but cycles are refused everywhere.
LAYERS = [
    ["einops_import", "errors", "storage", "observing", "floating_point", "size", "dtypes", "mersenne", "kernels."],
    ["alias_modules", "node_names", "thread_streams"],
    ["graph"],
    ["record", "packing", "views", "hooks", "grad_mode", "backward"],
    ["op"],
    ["ops."],
    ["inplace", "printing"],
    ["functions."],
    ["out_argument"],
    ["fft", "linalg", "special"],  # namespaces of functions
    ["fills", "sampling", "generator", "random"],
    ["TENSOR"],  # tensor.py and the classes it is put together from: everything else at the top of the package
    ["creation"],
    ["amp.", "cuda.", "foreach", "randomness", "settings", "window_functions", "signal.", "autograd."],
    ["distributions.", "utils."],
    ["nn.", "optim."],
    ["optim.swa_utils"],  # averages of models
    ["serialization.", "testing.", "autograd.gradcheck"],
    ["func.", "functional", "hub", "training.", "utils.model_zoo"],
    ["datasets.", "lessons.", "cli.", "__main__", "", "utils.einops", "utils.einops_layers", "version"],
]


def files() -> Iterator[tuple[str, Path]]:
    """Names relative to the package, and where they lie."""
    for root, prefix in ((PACKAGE, ()), (NN, ("nn",)), (OPTIM, ("optim",))):
        for path in sorted(root.rglob("*.py")):
            parts = (*prefix, *path.relative_to(root).with_suffix("").parts)
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


FILES = dict(files())


@functools.cache
def parsed(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def layer(name: str) -> int:
    for level, names in enumerate(LAYERS):
        if name in names:
            return level
    for level, names in enumerate(LAYERS):
        if any(known.endswith(".") and (name + ".").startswith(known) for known in names):
            return level
    return next(level for level, names in enumerate(LAYERS) if "TENSOR" in names)


def outside_type_checking(tree: ast.Module) -> Iterator[ast.stmt]:
    for statement in tree.body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            continue
        yield statement


def imported(name: str, path: Path, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules of ours that a statement imports, by names relative to the package."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == "tinygrad_cn":
                yield alias.name.partition(".")[2]
        return
    if node.level:
        package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
    elif (node.module or "").split(".")[0] == "tinygrad_cn":
        base = node.module.split(".")[1:]
    else:
        return
    for alias in node.names:
        full = ".".join([*base, alias.name])
        yield full if full in FILES else ".".join(base)


@functools.cache
def imports(name: str) -> frozenset[str]:
    path = FILES[name]
    found = set()
    for statement in outside_type_checking(parsed(name)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.update(imported(name, path, node))
    return frozenset(found - {name})


@pytest.mark.parametrize("name", FILES)
def test_no_arrow_runs_up(name):
    if not name:
        return  # the package itself gathers everything
    for other in imports(name):
        assert layer(other) <= layer(name), f"{name} imports {other or 'tinygrad_cn'}, which stands above it"


def test_no_cycles():
    """Also within a layer."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a cycle of imports: {' -> '.join((*way[way.index(name) :], name))}"
        if name in done:
            return
        for other in sorted(imports(name)):
            # a package's __init__ runs before its modules: importing a sibling is no arrow to the package
            if other in FILES and not (name + ".").startswith(other + "."):
                visit(other, (*way, name))
        done.add(name)

    for name in FILES:
        if name:
            visit(name, ())


@pytest.mark.parametrize("name", FILES)
def test_no_import_of_ours_inside_a_function(name):
    """It would hide an arrow that runs up. The command is the exception: it reports the extra that is missing."""
    for function in ast.walk(parsed(name)):
        if name == "cli" or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                ours = [other or "tinygrad_cn" for other in imported(name, FILES[name], node)]
                assert not ours, f"{name}:{node.lineno}: {function.name} imports {', '.join(ours)}"


@pytest.mark.parametrize("name", FILES)
def test_no_wildcard_imports(name):
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"{name}:{node.lineno}"


def test_the_core_imports_numpy_and_the_standard_library_only():
    allowed = set(sys.stdlib_module_names) | {"numpy", "tinygrad_cn"}
    for name in FILES:
        if name.startswith(("cli", "datasets", "lessons", "testing")):
            continue
        for node in parsed(name).body:
            roots = []
            if isinstance(node, ast.Import):
                roots = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                roots = [(node.module or "").split(".")[0]]
            assert set(roots) <= allowed, f"{name} imports {roots}"


def test_nn_does_not_know_optim_nor_optim_nn():
    for name in FILES:
        for other in imports(name):
            if name != "optim.swa_utils":
                assert not (name.startswith("optim") and other.startswith("nn")), f"{name} imports {other}"
            assert not (name.startswith("nn") and other.startswith("optim")), f"{name} imports {other}"
