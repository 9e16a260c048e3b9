"""The model that `tinygrad-cn train FILE:NAME` trains: a class, a function or a model in a file of the user's."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import tinygrad_cn
from tinygrad_cn import Tensor, nn, no_grad, optim

__all__ = ["ModelError", "check_scores", "find_model", "parse_arguments"]


#: Where the lines of this library are: no place to look for the user's error.
LIBRARY = [Path(module.__file__).parent for module in (tinygrad_cn, nn, optim) if module.__file__]


class ModelError(ValueError):
    """The user's model cannot be had, or does not fit the data; the message says what to do."""


def parse_arguments(pairs: Sequence[str]) -> dict[str, Any]:
    """Arguments of a constructor, from ``key=value``: numbers, lists and so on as Python writes them, else strings.

    Raises:
        ModelError: no ``=``, or no name before it.

    Example:
        >>> parse_arguments(["width=64", "sizes=[3, 5]", "act=relu"])
        {'width': 64, 'sizes': [3, 5], 'act': 'relu'}
    """
    arguments: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key.isidentifier():
            raise ModelError(f"{pair!r} is not of the form key=value")
        try:
            arguments[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            arguments[key] = text
    return arguments


def find_model(place: str) -> Callable[..., nn.Module]:
    """What makes the model: called with the arguments of ``--model-arg``.

    Args:
        place: ``model.py:Net`` or ``package.module:Net``. The name is that of a Module class, of a function that
            returns a Module, or of a Module, which is trained itself.

    Raises:
        ModelError: no such file or name, an error in the file, or something else of that name.
    """
    path, _, name = place.rpartition(":")
    if not path or not name.isidentifier():
        hint = ""
        if Path(place).is_file():
            hint = f"; {place} defines {_names(_load(place)) or 'no models'}"
        raise ModelError(f"{place!r} is not of the form FILE:NAME, as in model.py:Net{hint}")
    module = _load(path)
    try:
        found = getattr(module, name)
    except AttributeError:
        close = difflib.get_close_matches(name, vars(module), n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise ModelError(f"{path} defines no {name!r}{meant} It defines {_names(module) or 'no models'}.") from None
    if isinstance(found, nn.Module) or callable(found):
        return _maker(place, found)
    raise ModelError(f"{place} is of type {_kind(found)}; it must be a Module, its class, or a function that makes one")


def _maker(place: str, found: Any) -> Callable[..., nn.Module]:
    def make(**arguments: Any) -> nn.Module:
        model = found
        if isinstance(found, nn.Module):
            if arguments:
                raise ModelError(f"{place} is made already, and takes no --model-arg")
        else:
            _check_arguments(place, found, arguments)
            try:
                model = found(**arguments)
            except Exception as error:
                raise ModelError(f"{place} could not be made: {_described(error)}") from error
        if not isinstance(model, nn.Module):
            raise ModelError(
                f"{place} makes something of type {_kind(model)}, which is not a tinygrad_cn.nn.Module"
                f"{_torch_hint(model)}"
            )
        if not any(True for _ in model.parameters()):
            raise ModelError(f"{place} has no parameters, so there is nothing to train")
        return model

    return make


def _check_arguments(place: str, found: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Refuse arguments that a constructor does not take, and ask for those it needs."""
    try:
        signature = inspect.signature(found)
    except (ValueError, TypeError):  # not every callable tells
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        missing = [
            f"--model-arg {name}=..."
            for name, parameter in signature.parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            and name not in arguments
        ]
        remedy = f"add {' '.join(missing)}" if missing else f"{place} takes {signature}"
        raise ModelError(f"{place}: {error}; {remedy}") from None


def check_scores(place: str, model: nn.Module, images: Tensor, classes: int) -> None:
    """Try the model on a few images; lazy layers get their shapes here.

    Raises:
        ModelError: it fails, or its output is not a score for each class.
    """
    expected = (len(images), classes)
    model.eval()
    try:
        with no_grad():
            scores = model(images)
    except Exception as error:
        raise ModelError(
            f"{place} cannot take images of shape {tuple(images.shape)}, (N, channels, height, width): "
            f"{_described(error)}"
        ) from error
    model.train()
    if not isinstance(scores, Tensor) or tuple(scores.shape) != expected:
        given = f"shape {tuple(scores.shape)}" if isinstance(scores, Tensor) else f"a {type(scores).__name__}"
        raise ModelError(
            f"{place} gives {given} for {len(images)} images, expected (N, {classes}) = {expected}: a score for each "
            "class, before the softmax"
        )


def _load(path: str) -> ModuleType:
    """Run a file, or import a module by its name; what lies beside the file can be imported by it."""
    file = Path(path)
    is_file = path.endswith(".py") or file.is_file()
    if is_file and not file.is_file():
        raise ModelError(f"there is no file {path}")
    folder = str(file.resolve().parent) if is_file else str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        if not is_file:
            return importlib.import_module(path)
        name = file.stem if file.stem not in sys.modules else f"{file.stem}_of_user"
        specification = importlib.util.spec_from_file_location(name, file)
        if specification is None or specification.loader is None:
            raise ModelError(f"{path} is not a Python file")
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module  # as an import does, for pickles and dataclasses
        specification.loader.exec_module(module)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {_described(error)}") from error
    return module


def _names(module: ModuleType) -> str:
    """The models that a module defines."""
    return ", ".join(
        name
        for name, value in vars(module).items()
        if isinstance(value, nn.Module)
        or (inspect.isclass(value) and issubclass(value, nn.Module) and value.__module__ == module.__name__)
    )


def _described(error: Exception) -> str:
    """An error with the place in the user's files where it came up."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return text
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    own = [frame for frame in frames if not any(Path(frame.filename).is_relative_to(folder) for folder in LIBRARY)]
    return f"{text} ({own[-1].filename}, line {own[-1].lineno})" if own else text


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _torch_hint(value: Any) -> str:
    if any(base.__module__.partition(".")[0] == "torch" for base in type(value).__mro__):
        return (
            "; change the imports of its file: torch becomes tinygrad_cn, `from torch import nn` becomes "
            "`from tinygrad_cn import nn`"
        )
    return ""
