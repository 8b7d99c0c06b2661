"""Every keyword of a covered function is differentiated, or refused by name.

A record's samples show which keywords are differentiated: each with a value that is not its default. All others, as NumPy's
signature lists them, are tried with a value that matters, and must raise an error that names them.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from operators import OPERATORS, Operator, Sample
from operators.record import RECENT

import microgradnp as mg

pytestmark = pytest.mark.skipif(not RECENT, reason="an older NumPy has keywords that are gone by now")

OF_UFUNCS = ("out", "where", "casting", "order", "dtype", "subok")

VALUES: dict[str, Any] = {  # values that are not the default, for keywords that several functions share
    "out": np.empty(()),
    "where": np.array(False),
    "casting": "unsafe",
    "order": "F",
    "dtype": np.float16,
    "subok": True,
    "like": np.empty(()),
    "device": "gpu",
    "overwrite_input": True,
    "weights": np.ones(1),
    "writeable": True,
    "full": True,
    "cov": True,
    "sorted": False,
    "descending": True,
}
ELSEWHERE = {  # tested in tests/test_linalg.py, with arguments that stay symmetric
    ("svd", "hermitian"),
    ("pinv", "hermitian"),
}
HARMLESS = {  # no value changes the result or the gradient
    ("copy", "order"),
    ("full_like", "order"),
    ("partition", "kind"),
    ("argsort", "kind"),
    ("astype", "copy"),
    ("astype", "device"),
}


def signed(function: Any) -> bool:
    """Whether Python knows the parameters. It does not for some builtins of older NumPy releases."""
    try:
        return bool(inspect.signature(function))
    except ValueError:
        return False


def parameters(record: Operator) -> dict[str, Any]:
    """The optional parameters of the function, with NumPy's defaults."""
    if isinstance(record.function, np.ufunc):
        return dict.fromkeys(OF_UFUNCS)
    if not signed(record.function):
        return {}
    found = inspect.signature(record.function).parameters.values()
    return {p.name: p.default for p in found if p.default is not p.empty and p.kind is not p.VAR_KEYWORD}


def shown(record: Operator) -> set[str]:
    """The parameters that some sample sets to another value than the default."""
    if isinstance(record.function, np.ufunc) or not signed(record.function):
        return set()
    signature = inspect.signature(record.function)
    found = set()
    for sample in record.samples(np.random.default_rng(3)):
        if record.calls:
            found |= sample.options.keys()
            continue
        args = (list(sample.args),) if record.takes_list else sample.args
        for name, value in signature.bind(*args, **sample.options).arguments.items():
            default = signature.parameters[name].default
            if type(value) is not type(default) or not np.array_equal(value, default):
                found.add(name)
    return found


CASES = [
    pytest.param(record, name, default, id=f"{record.name}-{name}")
    for record in OPERATORS
    for seen in [shown(record)]
    for name, default in parameters(record).items()
    if name not in seen and (record.name, name) not in HARMLESS | ELSEWHERE
]


@pytest.mark.parametrize(("record", "name", "default"), CASES)
def test_a_keyword_that_no_sample_shows_is_refused_by_name(record: Operator, name: str, default: Any):
    assert name in VALUES, f"no sample of {record.name} shows {name}={default!r}: add one, or show here how it is refused"
    sample: Sample = next(iter(record.samples(np.random.default_rng(4))))
    value = not default if VALUES[name] is default else VALUES[name]
    args = [mg.Tensor(a, requires_grad=True) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in sample.args]
    options = {key: value for key, value in sample.options.items() if key != name}
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        record.call(*args, **options, **{name: value})


@pytest.mark.parametrize(
    ("record", "wrong"), [pytest.param(r, w, id=f"{r.name}-{k}") for r in OPERATORS for k, w in enumerate(r.wrong)]
)
def test_wrong_calls_are_refused(record: Operator, wrong: Any):
    first, *rest = wrong.args
    live = mg.Tensor(first, requires_grad=np.asarray(first).dtype.kind in "fc")
    with pytest.raises(wrong.error, match=wrong.message):
        record.call(live, *rest, **wrong.options)


# ------------------------------------------------------------------------------------- keywords at their defaults


AT_DEFAULTS = {
    "concatenate": lambda x: np.concatenate([x, x], dtype=None, casting="same_kind", axis=0),
    "stack": lambda x: np.stack([x, x], dtype=None, casting="same_kind"),
    "vstack": lambda x: np.vstack([x, x], dtype=None, casting="same_kind"),
    "hstack": lambda x: np.hstack([x, x], casting="same_kind"),
    "copy": lambda x: np.copy(x, subok=False, order="K"),
    "sum": lambda x: np.sum(x, axis=None, dtype=None, keepdims=np._NoValue),
    "trace": lambda x: np.trace(np.outer(x, x), dtype=None, out=None),
}


@pytest.mark.parametrize("name", AT_DEFAULTS)
def test_a_keyword_at_its_default_says_nothing(name):
    x = np.array([1.0, 2.0])
    mg.check_grads(AT_DEFAULTS[name], (x,))


def test_any_other_value_is_refused():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    for call in (lambda: np.concatenate([x, x], casting="unsafe"), lambda: np.stack([x, x], dtype=np.float32)):
        with pytest.raises(TypeError, match="has no gradient rule"):
            call()
    with pytest.raises(TypeError, match=r"vstack: .*'casting'"):
        np.vstack([x, x], casting="unsafe")


def test_lists_of_axis_numbers_are_refused_at_the_call():
    x = mg.Tensor(np.eye(2), requires_grad=True)
    with pytest.raises(TypeError, match="einsum: lists of axis numbers have no gradient rule"):
        np.einsum(x, [0, 1], [1, 0])
