"""The shape of the house: imports run downwards and in no circle, importing is light, the table is closed."""

import ast
import contextlib
import dis
import functools
import importlib
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.table import TABLE, Rule

PACKAGE = Path(mg.__file__).parent

FLOORS = [  # the rooms from the bottom up: a room imports only from rooms above it in this list
    "core",
    "rules",
    "derivatives",
    "inspection",
    "checking",
    "nn",
    "optim",
    "drawing",
    "program",
    "loops",
    "emitter",
    "compiler",
    "derivation",
    "viewer",
    "training",
    "debugger",
    "doctor",
    "practice",
    "__init__",
    "cli",
    "__main__",
]


def modules_of(package: Path) -> dict[str, Path]:
    """Module -> file, without the package's name: `core.tensor`, `nn` for `nn/__init__.py`, `__init__` for the package."""
    files = {".".join(path.relative_to(package).with_suffix("").parts): path for path in package.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in files.items()}


@functools.cache
def imports_of(package: Path) -> dict[tuple[str, str], list[str]]:
    """(importing module, imported module) -> the names. Imports in functions and for the type checker count as well."""
    modules, found = modules_of(package), {}
    for module, path in modules.items():
        folder = path.relative_to(package.parent).parts[:-1]
        for node in ast.walk(ast.parse(path.read_text())):
            for target in targets_of(node, folder):
                root, _, inner = target.partition(".")
                owner, _, name = inner.rpartition(".")
                imported = inner if inner in modules else owner or "__init__"
                if root == package.name and imported != module:
                    found.setdefault((module, imported), []).append(name or root)
    return found


def targets_of(node: ast.AST, folder: tuple[str, ...]) -> list[str]:
    """What an import statement names, in full; `folder` holds the parts of the package that the statement stands in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        start = folder[: len(folder) - node.level + 1] if node.level else ()
        return [".".join([*start, *([node.module] if node.module else []), alias.name]) for alias in node.names]
    return []


def listed(imports: dict[tuple[str, str], list[str]], pairs) -> str:
    return "\n".join(f"{source} -> {target}: {', '.join(imports[source, target])}" for source, target in sorted(pairs))


def upward(imports: dict[tuple[str, str], list[str]]) -> set[tuple[str, str]]:
    """The imports from a room that is not below the importing one."""
    floor = {room: level for level, room in enumerate(FLOORS)}
    rooms = {pair: [name.partition(".")[0] for name in pair] for pair in imports}
    return {pair for pair, (own, other) in rooms.items() if own != other and floor[other] >= floor[own]}


def circular(imports: dict[tuple[str, str], list[str]]) -> set[tuple[str, str]]:
    """The imports that lie on a circle of modules: the imported module leads back to the importing one."""
    direct: dict[str, set[str]] = {}
    for source, target in imports:
        direct.setdefault(source, set()).add(target)

    @functools.cache
    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            fresh = direct.get(todo.pop(), set()) - seen
            seen |= fresh
            todo += fresh
        return seen

    return {(source, target) for source, target in imports if source in reached(target)}


def test_every_room_has_a_floor():
    assert {name.partition(".")[0] for name in modules_of(PACKAGE)} == set(FLOORS)


def test_imports_run_downwards():
    imports = imports_of(PACKAGE)
    assert not upward(imports), "these imports run up:\n" + listed(imports, upward(imports))


def test_no_modules_import_each_other_in_a_circle():
    imports = imports_of(PACKAGE)
    found = circular(imports)
    assert not found, "these imports lie on a circle:\n" + listed(imports, found)


BROKEN = {  # a small package with an import that runs up and with circles, each hidden where a quick look would miss it
    "__init__.py": "",
    "core/__init__.py": "",
    "core/table.py": "def late():\n    from house.rules.sums import add",  # in a function
    "core/tensor.py": "from house.core.methods import Methods",
    "core/methods.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.core.tensor import Tensor",
    "core/names.py": "from . import origin",
    "core/origin.py": "import house.core.names",
    "rules/__init__.py": "from house.core import table",
    "rules/sums.py": "from ..core.tensor import Tensor",  # relative, and downwards
}


@pytest.fixture
def broken(tmp_path):
    for name, text in BROKEN.items():
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).write_text(text)
    return imports_of(tmp_path / "house")


def test_an_import_that_runs_up_is_seen(broken):
    assert listed(broken, upward(broken)) == "core.table -> rules.sums: add"


def test_circles_are_seen(broken):
    assert listed(broken, circular(broken)) == "\n".join(
        [
            "core.methods -> core.tensor: Tensor",
            "core.names -> core.origin: origin",
            "core.origin -> core.names: names",
            "core.tensor -> core.methods: Methods",
        ]
    )


def test_importing_loads_numpy_and_nothing_heavy():
    code = "import sys, microgradnp; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    libraries = {name.partition(".")[0] for name in loaded}
    heavy = "IPython click dask graphviz jax jinja2 matplotlib numba pygal pygraphviz rich scipy sklearn torch"
    assert "numpy" in libraries
    assert not libraries & set(heavy.split())
    rooms = {name.split(".")[1] for name in loaded if name.startswith("microgradnp.")}
    assert rooms == {"core", "rules"}, "the other rooms are loaded on first use"


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
    formulas = [
        (entry.name, formula)
        for entry in TABLE.values()
        for formula in (entry.vjps if isinstance(entry, Rule) else (entry.expression,))
        if str(getattr(formula, "__module__", "")).startswith("microgradnp.")  # other tests register formulas of their own
    ]
    assert len(formulas) > 300
    for name, formula in formulas:
        missing = {f.__name__ for f in numpy_functions(formula) if f not in TABLE and f not in NOT_OF_TENSORS}
        assert not missing, f"{name}: {missing}"
