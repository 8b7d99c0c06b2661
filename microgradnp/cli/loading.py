"""Load what a command is given: a function in `file.py:name`, and its arguments in an .npz file."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from microgradnp.cli.errors import UnusableError
from microgradnp.core.origin import one_line
from microgradnp.derivatives.trees import is_differentiable, leaves


def load(target: str) -> Callable[..., Any]:
    """The function of `file.py:name`. `name` may be an attribute of something in the file, such as `net.train`."""
    file, colon, name = target.rpartition(":")
    if not colon or not name:
        raise UnusableError(f"{target} does not name a function; write file.py:function")
    found: Any = module(Path(file))
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnusableError(f"{file} has no {name}; it has {functions_of(found) or 'no functions'}")
        owner, found = found, getattr(found, part)
        if inspect.isclass(owner) and inspect.isfunction(found):
            raise UnusableError(
                f"{name} is a method of the class {owner.__name__}; name an instance's method, or a function that makes one"
            )
    if not callable(found):
        raise UnusableError(f"{name} in {file} is a {type(found).__name__}, not a function")
    function: Callable[..., Any] = found
    return function


def functions_of(owner: Any) -> str:
    """The public functions of a module or object, for a message."""
    return ", ".join(name for name, value in getattr(owner, "__dict__", {}).items() if callable(value) and name[0] != "_")


def module(file: Path) -> ModuleType:
    """The file, run once as a module. Its folder is put on the path, as Python does for a script."""
    path = file.resolve()
    name = f"_debugged_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    check_file(file)
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


def check_file(file: Path) -> None:
    """Raise UnusableError unless there is a file."""
    if file.is_dir():
        raise UnusableError(f"{file} is a folder, not a Python file")
    if not file.is_file():
        raise UnusableError(f"{file} does not exist")


def load_code(target: str) -> Callable[..., Any]:
    """The function of `file.py:name`, or the whole of a script, `file.py`."""
    file = Path(target)
    if ":" in target or file.suffix != ".py":
        found = load(target)
        if inspect.isclass(found):
            raise UnusableError(f"{found.__name__} is a class; name a function or a method that trains it")
        return found
    check_file(file)
    from microgradnp.debugger.capture.script import script

    sys.path.insert(0, str(file.resolve().parent))  # as Python does for a script
    try:
        return script(file)
    except SyntaxError as error:
        raise UnusableError(f"{file} is not a Python program: {one_line(error)}") from None


@contextlib.contextmanager
def naming_functions(target: str) -> Iterator[None]:
    """Where nothing was found in a script, name its functions that it never calls: one of them is meant."""
    try:
        yield
    except ValueError as error:
        file = Path(target)
        if ":" in target or file.suffix != ".py":
            raise
        tree = ast.parse(file.read_bytes())
        called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        idle = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name not in called]
        if not idle:
            raise
        raise UnusableError(f"{file} never calls {', '.join(idle)}. Name the function to run: {file}:{idle[0]}") from error


def arguments(function: Callable[..., Any], data: Path | None, target: str) -> dict[str, Any]:
    """The arguments of a function by name: from an .npz file, or else from the global variables of its module."""
    parameters = inspect.signature(function).parameters.values()
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in plain if p.default is p.empty]
    if data is None:
        around = getattr(inspect.unwrap(function), "__globals__", {})
        missing = [name for name in needed if name not in around]
        if missing:
            cure = "give them with --data file.npz, or as global variables of the file"
            raise UnusableError(f"{target} needs {', '.join(missing)}; {cure}")
        return {name: around[name] for name in needed}
    held = arrays_of(data)
    missing = [name for name in needed if name not in held]
    if missing:
        raise UnusableError(f"{data} lacks {', '.join(missing)}; it has {', '.join(held) or 'nothing'}")
    return {p.name: held[p.name].item() if held[p.name].ndim == 0 else held[p.name] for p in plain if p.name in held}


def check_wrt(wrt: Sequence[str] | None, given: Mapping[str, Any], model: str) -> None:
    """Raise UnusableError for a name in --wrt that is no argument."""
    if unknown := [name for name in wrt or () if name not in given]:
        raise UnusableError(f"{model} has no argument {', '.join(unknown)}; it has {', '.join(given) or 'none'}")


def arrays_of(data: Path) -> dict[str, Any]:
    """The arrays of an .npz file by name."""
    cure = "write one with np.savez, with the arguments by name"
    try:
        if not zipfile.is_zipfile(data):
            with open(data, "rb"):
                raise UnusableError(f"{data} is not an .npz file of arrays; {cure}")
        with np.load(data, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except OSError as error:
        raise UnusableError(f"cannot read {data}: {error.strerror or error}") from None
    except ValueError as error:
        raise UnusableError(f"{data} holds something that is no array of numbers ({error}); {cure}") from None
    except (zipfile.BadZipFile, EOFError, KeyError, zlib.error, NotImplementedError) as error:
        raise UnusableError(f"{data} is damaged ({error}); {cure}") from None


def floating(given: Mapping[str, Any]) -> list[str]:
    """The arguments that hold floating-point numbers."""
    return [name for name, value in given.items() if any(map(is_differentiable, leaves(value)))]
