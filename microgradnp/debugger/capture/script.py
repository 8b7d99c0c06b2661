"""A script without functions as a function: calling it runs the whole file from the start, in a namespace of its own."""

from __future__ import annotations

import os
import types
from pathlib import Path


def script(path: str | os.PathLike[str]) -> types.FunctionType:
    """The code of a file as a function without arguments. Raises OSError and SyntaxError."""
    file = str(Path(path).resolve())
    code = compile(Path(file).read_bytes(), file, "exec")
    return types.FunctionType(code, {"__name__": "__main__", "__file__": file, "__builtins__": __builtins__}, Path(file).stem)


def is_script(function: object) -> bool:
    """Whether a function is the code of a whole file."""
    return isinstance(function, types.FunctionType) and function.__code__.co_name == "<module>"
