"""How many lines one must read to follow a forward and a backward pass: `np.sum(np.exp(W) * W).backward()`.

    python tests/benchmarks/lines_to_follow.py

Counted are the lines of each function of the package that runs, docstring included, and the docstring of each file that one of
them stands in. The functions are found by a profiler while the statement runs. The lines of the whole files are shown beside.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

import microgradnp as mg

PACKAGE = Path(mg.__file__).parent


def entered() -> set[CodeType]:
    """Code objects of the package that run in the statement."""
    found: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(PACKAGE)):
            found.add(frame.f_code)

    W = mg.Tensor([1.0, 2.0], requires_grad=True)
    sys.setprofile(note)
    try:
        np.sum(np.exp(W) * W).backward()
    finally:
        sys.setprofile(None)
    return found


def main() -> None:
    lines: dict[Path, set[int]] = defaultdict(set)
    names: dict[Path, set[str]] = defaultdict(set)
    for code in entered():
        source, first = inspect.getsourcelines(code)
        path = Path(code.co_filename).relative_to(PACKAGE)
        lines[path].update(range(first, first + len(source)))
        names[path].add(code.co_name)
    total = whole = 0
    for path in sorted(lines):
        text = (PACKAGE / path).read_text()
        docstring, length = len((ast.get_docstring(ast.parse(text)) or "").splitlines()), len(text.splitlines())
        total += len(lines[path]) + docstring
        whole += length
        print(f"{len(lines[path]):5d} + {docstring:2d} of {length:3d}  {path!s:24s} {' '.join(sorted(names[path]))}")
    print(f"{total:5d} lines of {whole}: {sum(map(len, names.values()))} functions in {len(lines)} files")


if __name__ == "__main__":
    main()
