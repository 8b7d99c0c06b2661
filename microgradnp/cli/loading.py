"""Files that the commands are given: a function in `file.py:name`, and its arguments in an .npz file."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from microgradnp.core.origin import one_line

UNUSABLE = 2  # the exit status for what could not be loaded or run


class UnusableError(Exception):
    """A file could not be loaded or run; the text says why, and what to do."""


def load(target: str) -> Callable[..., Any]:
    """The function that `file.py:name` means; `name` may be an attribute of something in the file, such as `net.train`."""
    file, colon, name = target.rpartition(":")
    if not colon or not name:
        raise UnusableError(f"{target} does not name a function; write file.py:function")
    found: Any = module(Path(file))
    for part in name.split("."):
        if not hasattr(found, part):
            known = (
                ", ".join(n for n, v in vars(found).items() if callable(v) and not n.startswith("_"))
                if hasattr(found, "__dict__")
                else ""
            )
            raise UnusableError(f"{file} has no {name}; it has {known or 'no functions'}")
        owner, found = found, getattr(found, part)
        if inspect.isclass(owner) and inspect.isfunction(found):
            raise UnusableError(
                f"{name} is a method of the class {owner.__name__}; name an instance's method, or a function that makes one"
            )
    if not callable(found):
        raise UnusableError(f"{name} in {file} is a {type(found).__name__}, not a function")
    function: Callable[..., Any] = found
    return function


def module(file: Path) -> ModuleType:
    """A file run as a module, once; its folder is on the path, as Python does it for scripts."""
    path = file.resolve()
    name = f"_debugged_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise UnusableError(f"{file} does not exist")
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UnusableError(f"{file} is not a Python file")
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    try:
        spec.loader.exec_module(made)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UnusableError(f"{file} failed when it was imported: {one_line(error)}") from None
    return made


def arguments(train: Callable[..., Any], data: Path | None, code: str) -> dict[str, Any]:
    """Arguments of the hand-written function from an .npz file, by their names."""
    parameters = inspect.signature(train).parameters.values()
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in plain if p.default is p.empty]
    if data is None:
        if needed:
            raise UnusableError(f"{code} needs {', '.join(needed)}; give them with --data file.npz")
        return {}
    try:
        with np.load(data) as content:
            held = {name: content[name] for name in content.files}
    except (OSError, ValueError) as error:
        raise UnusableError(f"{data} is not an .npz file of arrays: {error}") from None
    missing = [name for name in needed if name not in held]
    if missing:
        raise UnusableError(f"{data} lacks {', '.join(missing)}; it has {', '.join(held) or 'nothing'}")
    return {p.name: held[p.name].item() if held[p.name].ndim == 0 else held[p.name] for p in plain if p.name in held}
