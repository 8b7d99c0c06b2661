"""The test suites of peers, run on this package: what they expect, we do, or we refuse by name.

    python tests/benchmarks/peer_suites.py autograd   FOLDER   # a checkout of HIPS autograd
    python tests/benchmarks/peer_suites.py mygrad     FOLDER   # a checkout of MyGrad
    python tests/benchmarks/peer_suites.py array-api  FOLDER   # a checkout of the array API's test suite, with its submodule

The suites import their own library by name. A module of that name stands in for it here: its functions are ours. A test of the
library's own machinery, which has no counterpart here, is not applicable. One line is printed: how many tests are applicable,
passed, refused (an error of ours) and wrong (a value that the test does not accept). `--list` names all that did not pass.
"""

from __future__ import annotations

import argparse
import collections
import functools
import itertools
import os
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

import microgradnp as mg
from microgradnp.derivatives.trees import leaves


class NotApplicable(Exception):  # noqa: N818 - it is no error
    """The test is about the peer's own machinery."""


class Missing:
    """What a stand-in lacks. It may be imported, and must not be used."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise NotApplicable(self.name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self.name}.{name}")

    def __getitem__(self, key: Any) -> Any:
        raise NotApplicable(self.name)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (object,)


def stand_in(name: str, **contents: Any) -> types.ModuleType:
    """A module of this name. Whatever it does not contain is `Missing`."""
    module = types.ModuleType(name)
    module.__dict__.update(contents, __path__=[])
    module.__getattr__ = lambda attribute: missing(name, attribute)  # type: ignore[method-assign]
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], last, module)
    return module


def missing(module: str, attribute: str) -> Missing:
    if attribute.startswith("__"):
        raise AttributeError(attribute)
    return Missing(f"{module}.{attribute}")


# ---------------------------------------------------------------------------------------------- autograd


def autograd() -> None:
    """A stand-in for `autograd`, whose NumPy is NumPy itself."""

    def argnums(number: Any) -> Any:
        return tuple(number) if isinstance(number, (list, tuple)) else number

    def array(values: Any, *args: Any, **kwargs: Any) -> Any:
        """`np.array` of a list that may hold Tensors, which HIPS autograd joins."""
        if isinstance(values, (list, tuple)) and any(isinstance(leaf, mg.Tensor) for leaf in leaves(values)):
            return np.stack([array(value) for value in values])
        return values if isinstance(values, mg.Tensor) else np.array(values, *args, **kwargs)

    def check_grads(f: Any, argnum: Any = 0, modes: Any = None, order: int = 2) -> Any:
        def check(*args: Any, **kwargs: Any) -> None:
            chosen = (argnum,) if isinstance(argnum, int) else tuple(argnum)
            if any(isinstance(args[k], (dict, list, tuple)) for k in chosen):
                raise NotApplicable("check_grads of a container")

            def joined(*a: Any) -> Any:
                y = f(*a, **kwargs)
                return np.concatenate([np.ravel(part) for part in y]) if isinstance(y, (tuple, list)) else y

            mg.check_grads(joined, args, order, chosen)

        return check

    def combo_check(f: Any, argnum: Any = 0, modes: Any = None, order: int = 2) -> Any:
        def check(*args: Any, **kwargs: Any) -> None:
            for chosen in itertools.product(*args):
                for values in itertools.product(*kwargs.values()):
                    check_grads(f, argnum, modes, order)(*chosen, **dict(zip(kwargs, values, strict=True)))

        return check

    def make_vjp(f: Any, argnum: Any = 0) -> Any:
        def made(*args: Any) -> Any:
            def of_one(x: Any) -> Any:
                return f(*args[:argnum], x, *args[argnum + 1 :])

            value, pullback = mg.vjp(of_one, args[argnum])
            return (lambda g: pullback(g)[0]), value

        return made

    def elementwise_grad(f: Any, argnum: int = 0) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return mg.grad(lambda *a: np.sum(f(*a, **kwargs)), argnum)(*args)

        return wrapped

    def defvjp(function: Any, *makers: Any, argnums: Any = None) -> None:
        def rule_of(maker: Any) -> Any:
            return None if maker is None else lambda g, y, *args, **kwargs: maker(y, *args, **kwargs)(g)

        mg.rule(function, *map(rule_of, makers))

    core = {
        "grad": lambda f, argnum=0: mg.grad(f, argnums(argnum)),
        "value_and_grad": lambda f, argnum=0: mg.value_and_grad(f, argnums(argnum)),
        "jacobian": lambda f, argnum=0: mg.jacobian(f, argnums(argnum)),
        "hessian": lambda f, argnum=0: mg.hessian(f, argnums(argnum)),
        "elementwise_grad": elementwise_grad,
        "make_vjp": make_vjp,
        "isinstance": isinstance,
        "list": list,
        "tuple": tuple,
        "dict": dict,
    }
    stand_in("autograd", numpy=np, **core)
    numpy = stand_in("autograd.numpy", **{name: getattr(np, name) for name in dir(np) if not name.startswith("__")})
    numpy.array, numpy.__version__ = array, np.__version__  # type: ignore[attr-defined]
    numpy.r_, numpy.c_ = Missing("r_"), Missing("c_")  # type: ignore[attr-defined]
    numpy.linalg = stand_in("autograd.numpy.linalg", **{name: getattr(np.linalg, name) for name in np.linalg.__all__})
    sys.modules["autograd"].numpy = numpy  # type: ignore[attr-defined]
    for name in ("random", "fft"):
        sys.modules[f"autograd.numpy.{name}"] = getattr(np, name)
    stand_in("autograd.test_util", check_grads=check_grads, combo_check=combo_check, scalar_close=lambda a, b: abs(a - b) < 1e-6)
    stand_in("autograd.extend", primitive=mg.primitive, defvjp=defvjp)
    stand_in("autograd.core", make_vjp=make_vjp, primitive=mg.primitive)
    stand_in("autograd.tracer", primitive=mg.primitive)
    stand_in("autograd.builtins", isinstance=isinstance, list=list, tuple=tuple, dict=dict)
    for name in ("wrap_util", "util", "misc", "misc.flatten", "misc.optimizers", "scipy", "numpy.numpy_boxes"):
        stand_in(f"autograd.{name}")


# ------------------------------------------------------------------------------------------------ MyGrad


class Kind(type):
    """The type of the stand-in for MyGrad's Tensor: it makes our Tensors, and recognises them."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, mg.Tensor)

    def __call__(cls, data: Any, dtype: Any = None, *, constant: bool | None = None, copy: bool = True, ndmin: int = 0) -> Any:
        if isinstance(data, mg.Tensor) and not copy:
            return data
        value = np.array(data.numpy() if isinstance(data, mg.Tensor) else data, dtype=dtype, ndmin=ndmin)
        return mg.Tensor(value, requires_grad=value.dtype.kind == "f" and not constant)


class MyGradTensor(metaclass=Kind):
    """A Tensor with a gradient, unless it is a constant."""


def summed_to(g: Any, shape: tuple[int, ...]) -> Any:
    """A gradient, summed over the axes that broadcasting added or stretched."""
    g = np.sum(g, axis=tuple(range(np.ndim(g) - len(shape))))
    return np.sum(g, axis=tuple(k for k, n in enumerate(shape) if n == 1 != g.shape[k]), keepdims=True)


def mygrad() -> None:
    """A stand-in for `mygrad`: its functions are NumPy's and ours, and record what they are given."""

    def recorded(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
            floats = (isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind == "f" for a in args)
            made = [MyGradTensor(a, constant=constant) if known else a for a, known in zip(args, floats, strict=True)]
            result = function(*made, **kwargs)
            return MyGradTensor(result, constant=constant) if constant or isinstance(result, (np.ndarray, np.generic)) else result

        return call

    ours = {name: recorded(getattr(mg, name)) for name in ("sigmoid", "relu", "softmax", "logsumexp", "tanh")}
    numpys = {
        name: recorded(getattr(np, name))
        for name in dir(np)
        if callable(getattr(np, name)) and not name.startswith("_") and not isinstance(getattr(np, name), type)
    }
    own: Any = mg.Tensor  # with what MyGrad's tests look at
    own.constant = property(lambda self: not self.requires_grad)
    own.base = own.creator = property(lambda self: None)
    own._ops = property(lambda self: set())
    own.data = property(mg.Tensor.numpy)
    own.__array__ = lambda self, dtype=None, copy=None: np.array(self.numpy(), dtype)  # the tests compare results as arrays
    stand_in("mygrad", **numpys, Tensor=MyGradTensor, tensor=MyGradTensor, newaxis=None, pi=np.pi, e=np.e, inf=np.inf, nan=np.nan)
    stand_in("mygrad._utils", reduce_broadcast=summed_to)
    locks: dict[str, Any] = {"_views_waiting_for_unlock": {}, "_array_tracker": {}, "_array_counter": {}, "MEM_GUARD": False}
    stand_in("mygrad._utils.lock_management", **locks)
    stand_in("mygrad._utils.graph_tracking", TRACK_GRAPH=True)
    stand_in("mygrad.tensor_base", Tensor=MyGradTensor, CONSTANT_ONLY_DTYPES=(np.integer, np.bool_))
    stand_in("mygrad.nnet", **ours)
    stand_in("mygrad.nnet.activations", **ours, logsoftmax=recorded(mg.log_softmax))
    stand_in("mygrad.nnet.losses", softmax_crossentropy=mg.cross_entropy)
    stand_in("mygrad.linalg", norm=recorded(np.linalg.norm))
    for name in (
        "_utils.duplicating_graph", "_utils.op_creators", "computational_graph", "errors", "linalg.ops", "linalg.funcs", "math",
        "math.arithmetic", "math.arithmetic.ops", "math.sequential", "math.sequential.ops", "math.misc", "math.misc.funcs",
        "math.nondifferentiable", "math.unary", "nnet.initializers", "nnet.layers", "nnet.layers.utils", "nnet.layers.gru",
        "nnet.losses.utils", "operation_base", "random", "typing", "ufuncs", "ufuncs._ufunc_creators",
    ):  # fmt: skip
        stand_in(f"mygrad.{name}")
    quick = {"max_examples": 10, "deadline": None, "phases": [hypothesis.Phase.explicit, hypothesis.Phase.generate]}
    hypothesis.settings.register_profile("quick", suppress_health_check=list(hypothesis.HealthCheck), **quick)
    os.environ["HYPOTHESIS_PROFILE"] = "quick"


# ---------------------------------------------------------------------------------------- the array API


def array_api() -> None:
    """A namespace of the array API whose arrays are Tensors with a gradient, wherever a gradient exists."""
    space = types.ModuleType("tensors")

    def to_tensors(value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)):
            return mg.Tensor(value, requires_grad=value.dtype.kind in "fc")
        if isinstance(value, tuple):
            parts = [to_tensors(part) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return [to_tensors(part) for part in value] if isinstance(value, list) else value

    def wrapped(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return to_tensors(function(*args, **kwargs))

        return call

    def names_of(module: Any, target: Any) -> None:
        for name in dir(module):
            thing = getattr(module, name)
            if name in ("linalg", "fft"):
                inner = types.ModuleType(f"tensors.{name}")
                names_of(thing, inner)
                setattr(target, name, inner)
            elif not name.startswith("_"):
                plain = isinstance(thing, (type, types.ModuleType)) or not callable(thing)
                setattr(target, name, thing if plain else wrapped(thing))

    names_of(np, space)
    space.__array_api_version__ = np.__array_api_version__  # type: ignore[attr-defined]
    space.__array_namespace_info__ = np.__array_namespace_info__  # type: ignore[attr-defined]
    space.Tensor = mg.Tensor  # type: ignore[attr-defined]
    sys.modules["tensors"] = space


# ---------------------------------------------------------------------------------------------- the count


class Count:
    """A plugin of pytest that sorts the outcomes."""

    def __init__(self) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.details: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        report = yield
        if call.when == "call" or report.failed:
            self.sort(item.nodeid, report, call.excinfo)
        return report

    def sort(self, name: str, report: Any, excinfo: Any) -> None:
        if report.skipped:
            return
        if excinfo is None:
            self.outcomes["passed"] += 1
            return
        errors = list(raised(excinfo.value))
        if any(part in name for part in OWN_DECISIONS) or any(isinstance(error, NotApplicable) for error in errors):
            self.outcomes["not applicable"] += 1
            self.details.append(f"not applicable: {name}: {errors[-1]}")
            return
        refused = any(from_us(error) for error in errors)
        kind = "refused" if refused else "wrong"
        self.outcomes[kind] += 1
        self.details.append(f"{kind}: {name}: {type(excinfo.value).__name__}: {str(excinfo.value)[:200]}")


def raised(error: BaseException | None) -> Any:
    """An error with its causes and its parts."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from raised(part)
        error = error.__cause__ or error.__context__


def from_us(error: BaseException) -> bool:
    """Whether this package raised the error, and it is no failed comparison."""
    if isinstance(error, AssertionError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and f"{Path(mg.__file__).parent}" in trace.tb_frame.f_code.co_filename


# What a peer decided for itself: its own names and messages, types of Python numbers, what it has not implemented.
OWN_DECISIONS = (
    "test_deprecated_", "test_wrapped_name_and_docs", "test_custom_where_dtypes", "test_check_vjp_", "odd_not_implemented",
    "test_isinstance", "test_make_dict", "test_make_list", "test_nested_higher_order",
)  # fmt: skip
SUITES = {
    "autograd": (autograd, "tests", ["--ignore", "tests/test_vspaces.py"]),
    "mygrad": (mygrad, "tests", []),
    "array-api": (array_api, "array_api_tests", ["--max-examples", "20"]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="name the tests that did not pass")
    parser.add_argument("-k", default="", help="only tests with this in their names")
    chosen = parser.parse_args()
    prepare, tests, options = SUITES[chosen.suite]
    folder = chosen.folder.resolve()
    warnings.simplefilter("ignore")
    prepare()
    count = Count()
    os.chdir(folder)
    if chosen.suite == "array-api":
        os.environ["ARRAY_API_TESTS_MODULE"] = "tensors"
    sys.path.insert(0, str(folder))
    arguments = [
        tests,
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "--tb=no",
        "-W",
        "ignore",
        "--continue-on-collection-errors",
    ]
    arguments += ["-p", "no:xdist", "-c", os.devnull, "--rootdir", str(folder), "-o", "addopts="]
    pytest.main([*arguments, *options, *(["-k", chosen.k] if chosen.k else [])], plugins=[count])
    if chosen.list:
        print("\n".join(count.details))
    total = sum(count.outcomes.values()) - count.outcomes["not applicable"]
    print(f"{chosen.suite}: {total} applicable, " + ", ".join(f"{count.outcomes[k]} {k}" for k in ("passed", "refused", "wrong")))


if __name__ == "__main__":
    main()
