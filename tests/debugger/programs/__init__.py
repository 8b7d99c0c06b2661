"""Right hand-written backprop in many styles, loaded by path.

`dev` was looked at while the debugger was made, `hidden` was not tuned on. `wide` are larger models; `unseen` and `right_only`
(conventions and training troubles) were written by others when the debugger was done, and it was mended by them since. `held_out` came after that.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent


def names(split: str) -> list[str]:
    """The programs of a split, sorted."""
    return sorted(p.stem for p in (HERE / split).glob("*.py"))


def load(split: str, name: str, path: Path | None = None) -> ModuleType:
    """A fresh module for a program (or for the changed copy of it at `path`)."""
    path = path or HERE / split / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"program_{split}_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
