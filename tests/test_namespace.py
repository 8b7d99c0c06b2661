"""Every public function of NumPy has been decided: a rule, a composite of rules, a constant, or refused with a reason.

A new function in a release of NumPy makes this test fail.
"""

import inspect
import warnings

import numpy as np
import pytest
from operators.record import RECENT

import microgradnp as mg
from microgradnp.core.entries import REFUSED
from microgradnp.core.table import TABLE

pytestmark = pytest.mark.skipif(not RECENT, reason="the walk is of the current NumPy: an older one has names that are gone")

NAMESPACES = (np, np.linalg, np.fft, np.emath, np.lib.stride_tricks)

# NumPy does not ask the arguments of these (NEP 18): they take no array, or turn a Tensor into an array, which raises.
UNASKED = set(
    """
    arange array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix as_strided bartlett
    base_repr binary_repr blackman bmat broadcast_shapes datetime_data diag_indices empty eye fftfreq
    format_float_positional format_float_scientific from_dlpack frombuffer fromfile fromfunction fromiter frompyfunc
    fromregex fromstring full genfromtxt get_include get_printoptions getbufsize geterr geterrcall hamming hanning
    identity indices info isdtype isfortran isscalar issubdtype iterable kaiser load loadtxt mask_indices mintypecode
    nested_iters ones printoptions promote_types require rfftfreq row_stack set_printoptions setbufsize seterr
    seterrcall show_config show_runtime test tri tril_indices triu_indices typename zeros disp issctype maximum_sctype
    obj2sctype sctype2char cast source who safe_eval find_common_type in1d trapz
    """.split()  # noqa: SIM905 - sixty quotation marks would be harder to read
)


def public_functions():
    """(name, function) for every function of NumPy's public namespaces that NumPy documents."""
    found = {}
    for space in NAMESPACES:
        for name in dir(space):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function = getattr(space, name)
            if not name.startswith("_") and callable(function) and not isinstance(function, type):
                found.setdefault(function, f"{space.__name__}.{name}")
    return sorted((name, function) for function, name in found.items())


def asks_its_arguments(function):
    return isinstance(function, np.ufunc) or hasattr(function, "_implementation")


def test_every_function_that_a_tensor_can_meet_is_decided():
    undecided = [name for name, f in public_functions() if asks_its_arguments(f) and f not in TABLE and f not in REFUSED]
    assert not undecided, f"undecided: {', '.join(undecided)}"


def test_the_others_are_known():
    unknown = [
        n for n, f in public_functions() if not asks_its_arguments(f) and n.split(".")[-1] not in UNASKED and f not in TABLE
    ]
    assert not unknown, f"NumPy does not ask the arguments of these, and nobody has looked at them: {', '.join(unknown)}"


def test_nothing_is_decided_twice():
    assert not TABLE.keys() & REFUSED.keys()


X = mg.Tensor([[0.5, 0.25], [0.125, 1.0]], requires_grad=True)
T = mg.Tensor(2.0, requires_grad=True)


@pytest.mark.parametrize("function", sorted(REFUSED, key=lambda f: f.__name__), ids=lambda f: f.__name__)
def test_what_is_refused_says_why(function):
    arguments = {
        np.einsum_path: ("ij,jk", X, X),
        np.put_along_axis: (X, np.array([[0]]), 1.0, 0),
        np.save: ("never-written.npy", X),
        np.savetxt: ("never-written.txt", X),
        np.savez: ("never-written.npz", X),
        np.savez_compressed: ("never-written.npz", X),
    }.get(function, (X,) * required(function))
    with pytest.raises(TypeError, match=f"{function.__name__} has no gradient rule: .*(;|pass .numpy)"):
        function(*arguments)


def required(function):
    """How many arguments it takes, to be sure that one is a Tensor where NumPy looks."""
    parameters = inspect.signature(function).parameters.values()
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


CONVERSIONS = {
    "arange": lambda: np.arange(T),
    "array": lambda: np.array([T, T]),
    "asarray": lambda: np.asarray(X),
    "ascontiguousarray": lambda: np.ascontiguousarray(X),
    "asfortranarray": lambda: np.asfortranarray(X),
    "as_strided": lambda: np.lib.stride_tricks.as_strided(X),
    "bartlett": lambda: np.bartlett(T),
    "bmat": lambda: np.bmat([[X]]),
    "c_": lambda: np.c_[X, X],
    "default_rng": lambda: np.random.default_rng(0).normal(X),
    "float64": lambda: np.float64(X),
    "full": lambda: np.full(2, T),
    "kaiser": lambda: np.kaiser(3, T),
    "ma.exp": lambda: np.ma.exp(X),
    "ma.sum": lambda: np.ma.sum(X),
    "matrix": lambda: np.matrix(X),
    "ndenumerate": lambda: list(np.ndenumerate(X)),
    "polynomial": lambda: np.polynomial.Polynomial(X[0]),
    "r_": lambda: np.r_[X, X],
    "random.normal": lambda: np.random.normal(T),  # noqa: NPY002
    "require": lambda: np.require(X),
    "testing": lambda: np.testing.assert_allclose(X, X),
    "vectorize": lambda: np.vectorize(lambda x: x * x)(X),
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_a_function_that_does_not_ask_never_detaches_silently(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        with pytest.raises(TypeError, match=r"silent|ndarray|number"):
            CONVERSIONS[name]()
