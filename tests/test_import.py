"""`import microgradnp`: every public name is there at once, and what stands behind it is loaded on first use."""

import copy
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import microgradnp as mg

ROOMS = sorted(path.stem for path in Path(mg.__file__).parent.iterdir() if path.suffix in (".py", "") and path.stem[0] != "_")


def fresh(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


def test_dir_lists_the_public_names_and_nothing_else():
    assert {"Tensor", "grad", "nn", "view"} <= set(dir(mg))
    assert not [name for name in dir(mg) if name.startswith("_")]
    assert dir(mg) == sorted(mg.__all__)
    assert fresh("import microgradnp as mg; mg.view, mg.nn.MLP; print(*dir(mg))").split() == dir(mg), "the same after use"


@pytest.mark.parametrize("name", mg.__all__)
def test_every_public_name_is_there_and_documented(name):
    found = getattr(mg, name)
    assert (found.__doc__ or "").strip()
    assert isinstance(found, ModuleType) == (name in ("nn", "optim", "rules"))


def test_a_star_import_gives_every_name():
    names: dict = {}
    exec("from microgradnp import *", names)
    assert {name: value for name, value in names.items() if name != "__builtins__"} == {n: getattr(mg, n) for n in mg.__all__}


def test_a_misspelt_name_is_an_error_that_shows_the_right_one():
    code = "import microgradnp as mg; mg.sigmod"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "microgradnp" in done.stderr
    assert "Did you mean: 'sigmoid'?" in done.stderr


def test_a_room_is_a_module():
    """`microgradnp.debugger` is a module and `mg.debug` a function: no name means both."""
    assert len(ROOMS) >= 15
    assert not {*ROOMS} & {*mg.__all__} - {"nn", "optim", "rules"}
    imports = "\n".join(f"import microgradnp.{room} as room; print(room.__name__)" for room in ROOMS)
    assert fresh(imports).split() == [f"microgradnp.{room}" for room in ROOMS]


@pytest.mark.parametrize("first", ["core.tensor", "rules.functional", "derivatives.gradients"])
def test_the_rules_are_there_whichever_module_comes_first(first):
    assert fresh(f"import microgradnp.{first}; from microgradnp.core.table import TABLE; print(len(TABLE) > 300)") == "True"


def test_threads_may_use_all_names_for_the_first_time_at_once():
    code = """if True:
        import sys, threading
        import microgradnp as mg
        sys.setswitchinterval(1e-6)
        start, found = threading.Barrier(len(mg.__all__)), {}
        def use(name):
            start.wait()
            found[name] = getattr(mg, name)
        threads = [threading.Thread(target=use, args=(name,), daemon=True) for name in mg.__all__]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(240)
        print(found == {name: getattr(mg, name) for name in mg.__all__})
    """
    assert fresh(code) == "True"


def test_reload_keeps_names_and_rules():
    code = """if True:
        import importlib, numpy as np, microgradnp as mg
        before = {name: getattr(mg, name) for name in mg.__all__}
        assert importlib.reload(mg) is mg
        print(before == {name: getattr(mg, name) for name in mg.__all__}, mg.grad(np.sin)(0.0))
    """
    assert fresh(code) == "True 1.0"


def test_functions_and_classes_can_be_pickled_and_copied():
    for name in sorted(set(mg.__all__) - {"nn", "optim", "rules"}):
        found = getattr(mg, name)
        if not isinstance(found, np.ufunc):
            assert pickle.loads(pickle.dumps(found)) is found, name
        assert copy.deepcopy(found) is found, name


def test_a_pickled_model_needs_no_import():
    sent = pickle.dumps(mg.nn.MLP([2, 3, 1], rng=0)).hex()
    assert fresh(f"import pickle; print(type(pickle.loads(bytes.fromhex('{sent}'))).__name__)") == "MLP"


def test_the_version_and_the_extras_are_told_in_one_place():
    root = Path(__file__).parent.parent
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for_developers = {"all", "browser", "cupy", "docs", "lint", "peers", "test"}  # cupy needs CUDA
    assert extras["all"] == [f"microgradnp[{','.join(name for name in extras if name not in for_developers)}]"]
    assert f"\n## {mg.__version__}\n" in (root / "CHANGELOG.md").read_text()
