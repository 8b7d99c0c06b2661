"""The shape of the house: imports run downwards, importing is light, the table is closed."""

import ast
import contextlib
import dis
import importlib
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np

import microgradnp as mg
from microgradnp.core.table import TABLE, Rule

PACKAGE = Path(mg.__file__).parent

# From the bottom up. A room imports only from rooms below it; modules of one room may import each other.
ORDER = [
    {"core"},
    {"rules"},
    {"derivatives"},
    {"inspection"},
    {"checking"},
    {"nn"},
    {"optim"},
    {"drawing"},
    {"program"},
    {"emitter"},
    {"compiler"},
    {"viewer"},
    {"training"},
    {"debugger"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: level for level, rooms in enumerate(ORDER) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms of the package that a module imports, also inside functions; not those for the type checker alone."""
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "microgradnp":
            parts = node.module.split(".")
            names = [alias.name for alias in node.names]
            found.update({parts[1]} if len(parts) > 1 else {name if name in FLOOR else "__init__" for name in names})
        elif isinstance(node, ast.Import):
            found.update("__init__" for alias in node.names if alias.name.split(".")[0] == "microgradnp")
    return found


def test_imports_run_downwards():
    for path in sorted(PACKAGE.rglob("*.py")):
        own = room_of(path)
        for other in imported_rooms(path):
            assert other == own or FLOOR[other] < FLOOR[own], f"{path.relative_to(PACKAGE)} imports {other}"


def test_importing_loads_numpy_and_nothing_heavy():
    code = "import sys, microgradnp; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    heavy = {
        "graphviz",
        "pygraphviz",
        "rich",
        "click",
        "pygal",
        "torch",
        "scipy",
        "matplotlib",
        "sklearn",
        "IPython",
        "numba",
        "jax",
    }
    assert not heavy & set(loaded)


def numpy_functions(function) -> set:
    """The functions that a formula calls as `np.name`, and those that the helpers of its module call."""
    found, todo, seen = set(), [function.__code__], set()
    while todo:
        code = todo.pop()
        if code in seen:
            continue
        seen.add(code)
        todo.extend(constant for constant in code.co_consts if hasattr(constant, "co_code"))
        for first, second in itertools.pairwise(dis.get_instructions(code)):
            if first.argval in ("np", "sp") and second.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                found.add(getattr(function.__globals__[first.argval], second.argval))
            helper = function.__globals__.get(first.argval) if isinstance(first.argval, str) else None
            if hasattr(helper, "__code__") and helper.__module__.startswith("microgradnp.rules"):
                todo.append(helper.__code__)
    return {f for f in found if isinstance(f, np.ufunc) or hasattr(f, "_implementation")}


NOT_OF_TENSORS = {
    np.zeros,
    np.ones,
    np.indices,
    np.argsort,
    np.result_type,
    np.broadcast_arrays,
    np.broadcast_shapes,
    np.atleast_1d,
    np.arange,
    np.tri,
    np.eye,
    np.full,
    np.flatnonzero,
    np.lib.array_utils.normalize_axis_tuple,
}  # called on shapes, plain arrays and axes


def test_the_table_is_closed():
    """What a rule calls is in the table. The tests of the rules run each on Tensors; this one names what is missing."""
    with contextlib.suppress(ModuleNotFoundError):  # SciPy is optional
        importlib.import_module("microgradnp.rules.special")
    for entry in TABLE.values():
        for vjp in entry.vjps if isinstance(entry, Rule) else (entry.expression,):
            if vjp is not None:
                missing = {f.__name__ for f in numpy_functions(vjp) if f not in TABLE and f not in NOT_OF_TENSORS}
                assert not missing, f"{entry.name}: {missing}"


def test_every_public_name_is_documented():
    for name in mg.__all__:
        assert (getattr(mg, name).__doc__ or "").strip(), name
