"""Weights from the web by address; no code is ever fetched."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlparse

from tinygrad_cn.serialization import atomic_file
from tinygrad_cn.serialization import load as load_file

__all__ = ["download_url_to_file", "get_dir", "load", "load_state_dict_from_url", "set_dir"]

_DIGITS = re.compile(r"-([a-f0-9]{8,64})\.")  # of the hash, in PyTorch's file names: resnet18-f37072fd.pth
_directory: list[str] = []


def get_dir() -> str:
    """The folder for downloads: as set, else ``$TORCH_HOME/hub``, else ``~/.cache/tinygrad_cn/hub``."""
    if _directory:
        return _directory[-1]
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "tinygrad_cn"
    return str(Path(home).expanduser() / "hub")


def set_dir(d: Any) -> None:
    """Set the folder for downloads."""
    _directory[:] = [str(Path(d).expanduser())]


def download_url_to_file(url: str, dst: Any, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetch ``url`` to the file ``dst``, which appears when it is complete and not before.

    Args:
        url: where from.
        dst: the file.
        hash_prefix: the first hexadecimal digits of the SHA-256 that the content must have.
        progress: say on standard error what is fetched.

    Raises:
        OSError: it cannot be fetched or written.
        RuntimeError: the content has another hash; the file is as it was before.
    """
    target = Path(dst)
    target.parent.mkdir(parents=True, exist_ok=True)
    if progress:
        print(f"Downloading {url} to {target}", file=sys.stderr)
    digest = hashlib.sha256()
    with atomic_file(target) as out:
        with urllib.request.urlopen(url) as source:
            while block := source.read(1 << 20):
                digest.update(block)
                out.write(block)
        if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
            raise RuntimeError(
                f"download_url_to_file: {url} has SHA-256 {digest.hexdigest()}, which does not begin with {hash_prefix}"
            )


def load_state_dict_from_url(
    url: str,
    model_dir: Any = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> Any:
    """The state in the file at ``url``, which is fetched once and kept.

    Args:
        url: where from.
        model_dir: the folder that keeps it; ``get_dir()/checkpoints`` by default.
        map_location: taken; everything is on the CPU.
        progress: say what is fetched.
        check_hash: the file's name holds the first digits of its SHA-256, as PyTorch's do, and is checked.
        file_name: the name to keep it under.
        weights_only: True; a file is never unpickled otherwise.

    Raises:
        OSError, RuntimeError: as `download_url_to_file`; ValueError: as `tinygrad_cn.load`.
    """
    folder = Path(get_dir()) / "checkpoints" if model_dir is None else Path(model_dir)
    name = file_name or Path(urlparse(url).path).name
    path = folder / name
    if not path.exists():
        digits = _DIGITS.search(name) if check_hash else None
        download_url_to_file(url, path, digits[1] if digits else None, progress)
    return load_file(path)


def load(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused: it would run code from the web.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("hub.load(): code is never fetched; build the model here and use load_state_dict_from_url()")
