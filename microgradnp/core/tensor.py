"""Tensor: an array that remembers how it was made.

A Tensor is a node of the graph: the rule of the function that made it, its arguments, its value, its name, the place in
the user's source. NumPy's own dispatch does the recording: `__array_ufunc__` (NEP 13) and `__array_function__` (NEP 18)
lead every NumPy call on a Tensor to `apply`.

Nothing the user can reach changes behind the graph's back. A Tensor owns its memory: the constructor copies, results are
handed out read-only, and a leaf's `.data` is handed out as a writable array that no graph holds. Plain arrays that the
backward pass will read again are sealed with a check sum, and the sweep refuses to run when one has changed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from microgradnp.core import graph, operators
from microgradnp.core.captured import NUMBERS, Seal, arrays_in, frozen, own_result, plain_array, shielded
from microgradnp.core.context import recording, scope, watchers
from microgradnp.core.conversions import Conversions
from microgradnp.core.errors import ConcretizationError, explain, no_rule
from microgradnp.core.methods import Methods, ufunc_method
from microgradnp.core.operators import Operators
from microgradnp.core.origin import Place, caller
from microgradnp.core.table import TABLE, Composite, Overridden, Rule, load_library_rules

Array = Any  # an ndarray, a scalar or a Tensor
NO_OPTIONS: Mapping[str, Any] = {}
STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj}  # of the shape
HISTORY = 8  # so many results without a gradient are held one behind another, for a picture; a running mean goes on for ever


class Tensor(Conversions, Operators, Methods):
    """An n-dimensional array whose history can be differentiated.

    Parameters
    ----------
    data : array_like
        Values of any shape; copied. Lists become arrays.
    requires_grad : bool
        Whether `backward` shall fill `.grad`. Needs a floating-point or complex dtype.
    name : str, optional
        Shown in pictures and messages. Without one, the variable that the Tensor was assigned to is found.
    dtype : optional
        As in `np.array`.

    Raises
    ------
    TypeError
        If integers, booleans, strings or objects are to require a gradient, or data is not numeric.

    >>> import numpy as np, microgradnp as mg
    >>> W = mg.Tensor([[1.0, 2.0]], requires_grad=True)
    >>> loss = np.sum(W * W)
    >>> loss.backward()
    >>> W.grad
    array([[2., 4.]])
    """

    __slots__ = (
        "__weakref__",
        "_grad",
        "age",
        "args",
        "freed",
        "name",
        "needs",
        "needs_grad",
        "options",
        "place",
        "retains_grad",
        "rule",
        "scope",
        "seals",
        "values",
    )
    __hash__ = object.__hash__  # nodes are compared by identity wherever the graph is walked
    traced = False  # is a program written down of which this is a value? Then its numbers may not be read

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None, *, dtype: Any = None) -> None:
        traced = isinstance(data, Tensor) and data.traced
        if isinstance(data, Tensor):
            if data.needs_grad:
                raise TypeError(
                    f"Tensor: data is {graph.describe(data)}, which requires a gradient; a copy would silently lose it. "
                    "Use it as it is, or pass .detach()"
                )
            data = data._array
        if isinstance(data, np.ma.MaskedArray):
            raise TypeError("Tensor: data is a masked array, and its mask would be lost; fill it with .filled(value)")
        foreign = hasattr(data, "__array_function__") and not isinstance(data, (np.ndarray, np.generic))
        value = data if foreign or traced else np.array(data, dtype=dtype)  # a copy: nobody else can change it
        if value.dtype.kind not in NUMBERS:
            raise TypeError(f"Tensor: data must be numbers, got dtype {value.dtype}")
        self._array = value
        self._grad: Array | None = None
        self.name = name
        self.rule: Rule | None = None
        self.args: tuple[Any, ...] = ()
        self.needs: tuple[int, ...] = ()  # positions of the arguments that need a gradient
        self.values: tuple[Any, ...] = ()
        self.options: Mapping[str, Any] = NO_OPTIONS
        self.seals: list[Seal] | None = None
        self.place: Place | None = caller()
        self.retains_grad = False
        self.freed = False
        self.scope: str | None = None
        self.exposed = False
        self.snapshot: Array | None = None
        self.age = 0
        self.needs_grad: bool = False
        if requires_grad:
            self.requires_grad = True

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this Tensor. May be set on a leaf, for the graphs that are recorded afterwards."""
        return self.needs_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not self.is_leaf:
            raise TypeError(
                f"cannot set requires_grad of {graph.describe(self)}: it is a result; only leaves have a choice. Use .detach() "
                "for a value that the gradient does not flow through"
            )
        if value and self.dtype.kind not in "fc":
            raise TypeError(
                f"Tensor: requires_grad needs floating-point or complex data, got {self.dtype}: a gradient with respect to "
                "integers does not exist. Convert first, for example mg.Tensor(data, requires_grad=True, dtype=float)"
            )
        self.needs_grad = bool(value)

    @property
    def grad(self) -> Any:
        """Gradient of the loss, an ndarray of this Tensor's shape and dtype, or None before `backward`."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            value = np.asarray(value, dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(f"a gradient of shape {value.shape} does not fit {graph.describe(self)}")
        self._grad = value

    def detach(self) -> Tensor:
        """A Tensor of the same value that the gradient does not flow through."""
        return Tensor(self._array, name=self.name)

    # --------------------------------------------------------------------------------------- the gradient

    def backward(self, gradient: Any = None, *, retain_graph: bool = False, retain_grads: bool = False) -> None:
        """Fill `.grad` of the leaves that require a gradient, adding to what is there (as PyTorch does).

        Parameters
        ----------
        gradient : array_like, optional
            Gradient of the loss with respect to this Tensor, of its shape. May be left out for a scalar.
        retain_graph : bool
            Keep the graph, to sweep it again or to draw it. Without, it is freed as it is consumed.
        retain_grads : bool
            Keep the graph and also the gradient of every intermediate: what `draw` shows.

        Raises
        ------
        ValueError
            If this Tensor is no scalar and `gradient` is missing or has another shape.
        RuntimeError
            If it needs no gradient, was swept before, or an array that it captured has changed. No `.grad` has been touched.
        """
        seed = self.seed(gradient)
        free = not (retain_graph or retain_grads)
        finished: list[tuple[Tensor, Array]] = []
        for node, g, private in graph.sweep(self, seed, free=free):
            if node.rule is None or node.retains_grad or retain_grads:
                g = g.conj() if g.dtype.kind == "c" else g
                finished.append((node, np.array(g) if retain_grads or not private or node.rule is not None else np.asarray(g)))
        sums = [g if node._grad is None else node._grad + g for node, g in finished]
        for (node, _), g in zip(finished, sums, strict=True):  # only now: an error above leaves every gradient as it was
            node._grad = g

    def seed(self, gradient: Any = None) -> Array:
        """The array that a sweep starts from (conjugated, see `table`), after all that can be wrong was checked."""
        if not self.needs_grad:
            raise RuntimeError(
                f"backward: {graph.describe(self)} needs no gradient: nothing it was computed from has requires_grad=True"
                + (f" ({self.rule.name} has derivative zero)" if self.rule is not None and self.rule.constant else "")
                + ". Create the parameters with mg.Tensor(data, requires_grad=True), outside of mg.no_grad()"
            )
        if gradient is None:
            if self.shape != ():
                raise ValueError(
                    f"backward: {graph.describe(self)} is not a scalar. Reduce it to a loss first (np.sum, np.mean, mg.sse), "
                    "or pass backward(gradient=...) of its shape"
                )
            if self.dtype.kind == "c":
                raise ValueError(
                    f"backward: {graph.describe(self)} is complex; a loss must be real. Take np.real or np.abs of it first"
                )
            return self.dtype.type(1)
        gradient = np.asarray(gradient._array if isinstance(gradient, Tensor) else gradient, dtype=self.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"backward: gradient has shape {gradient.shape}, but {graph.describe(self)} needs its own shape")
        return gradient.conj()

    def retain_grad(self) -> Tensor:
        """Ask the next `backward` to keep this intermediate's gradient in `.grad`; returns self."""
        self.retains_grad = True
        return self

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    def free(self) -> None:
        """Forget the arguments; the value stays. A sweep calls this on what it has consumed."""
        if self.rule is not None:
            self.rule, self.args, self.needs, self.values, self.options, self.seals = None, (), (), (), NO_OPTIONS, None
            self.freed = True

    # --------------------------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            return ufunc_method(ufunc, method)(*inputs, **kwargs)
        for option in list(kwargs):
            if kwargs[option] is None or (option == "where" and kwargs[option] is True):
                del kwargs[option]
            elif option == "out":
                raise TypeError(
                    f"{ufunc.__name__}: out= (or an in-place operator such as +=) would write a Tensor into an array, and lose "
                    f"its gradient. Write a = {ufunc.__name__}(a, ...) instead"
                )
            else:
                raise TypeError(
                    f"{ufunc.__name__}: the keyword {option}= has no gradient rule. Use np.where for where=, astype for dtype="
                )
        return apply(ufunc, *inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply(func, *args, **kwargs)

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise TypeError(f"cannot copy {graph.describe(self)}: it is a result, part of a graph. Copy .detach() instead")
        duplicate = Tensor(self._array, self.requires_grad, self.name)
        duplicate._grad = None if self._grad is None else self._grad.copy()
        return duplicate

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise TypeError(f"cannot pickle {graph.describe(self)}: it is a result, part of a graph. Pickle .numpy() instead")
        return Tensor, (self._array, self.requires_grad, self.name)


# ------------------------------------------------------------------------------------------------- recording


def apply(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of the table on Tensors and arrays, and record the call as a node.

    Raises TypeError for a function or a keyword without a rule, and the error that NumPy raised, retold with the user's
    names, shapes and line.
    """
    rule = TABLE.get(function)
    if type(rule) is not Rule:
        rule = rule.chosen(function) if isinstance(rule, Overridden) else rule or load_library_rules(function)
        if rule is None:
            raise TypeError(no_rule(function))
        if isinstance(rule, Composite):
            return call_composite(rule, args, kwargs)
    if kwargs or len(args) != rule.arrays_only:
        args, kwargs = rule.bind(args, kwargs)
    options = frozen(kwargs) if kwargs else NO_OPTIONS
    values: list[Any] = []
    needs: tuple[int, ...] = ()
    outsiders = False
    for argument in args:
        if isinstance(argument, Tensor):
            if argument.needs_grad and not rule.constant:
                needs += (len(values),)
            values.append(argument.value_for_graph() if argument.exposed else argument._array)
        elif isinstance(argument, (float, int)):  # immutable
            values.append(argument)
        else:
            values.append(plain(argument, rule, len(values)))
            outsiders = True
    if rule.gaps and not rule.gaps.isdisjoint(needs):
        raise TypeError(f"{rule.name}: no derivative with respect to argument {min(rule.gaps & {*needs})}; pass it .detach()ed")
    captured = tuple(values) if rule.trusted else tuple([shielded(value) for value in values])
    try:
        result = rule.forward(captured, options) if options or rule.sequence else rule.plain(*captured)
    except Exception as error:
        retold = explain(rule, args, captured, options, error, caller())
        if retold is error:
            raise
        raise retold from error
    if not rule.trusted:
        result = own_result(result, rule.name, differentiable=bool(needs))
    elif isinstance(result, tuple) or (rule.constant and not isinstance(result, (np.ndarray, np.generic))):
        if rule.function not in STATIC and any(isinstance(argument, Tensor) and argument.traced for argument in args):
            raise ConcretizationError(
                f"{rule.name}: its result depends on the numbers of a Tensor, while a program is traced for all numbers"
            )
        return result  # a shape, a bool, a tuple of indices
    if outsiders and result.dtype.kind not in NUMBERS:
        raise TypeError(f"{rule.name}: the result is of dtype {result.dtype}, not of numbers; an argument is of a foreign type")
    node = Tensor.__new__(Tensor)
    node._array = result
    node._grad = node.name = node.snapshot = node.seals = None
    node.retains_grad = node.freed = node.exposed = False
    node.place = caller(3)  # below this frame is that of an operator, a protocol or a primitive, and then the user's
    node.scope = scope.get()
    if watchers:
        for watcher in list(watchers):
            watcher.forward(node, rule, args, captured, options)
    age = 0 if needs else older(args)
    if age > HISTORY or not recording.get():
        node.rule, node.args, node.values, node.options = None, (), (), NO_OPTIONS
        node.needs, node.needs_grad, node.age = (), False, 0
        return node
    if outsiders:
        args = tuple([a if isinstance(a, Tensor) else v for a, v in zip(args, captured, strict=True)])
    node.rule, node.args, node.values, node.options = rule, args, captured, options
    node.needs, node.needs_grad, node.age = needs, needs != (), age
    if needs and (outsiders or options):
        node.seals = seal(node)
    return node


def older(args: tuple[Any, ...]) -> int:
    """The age of a result without a gradient: one more than that of its oldest argument."""
    age = 0
    for argument in args:
        if isinstance(argument, Tensor) and argument.age > age:
            age = argument.age
    return age + 1


def call_composite(rule: Composite, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    known = {name: value for name, value in kwargs.items() if repr(value) != "<no value>"}
    try:
        inspect.signature(rule.expression).bind(*args, **known)
    except TypeError as error:
        raise TypeError(f"{rule.name}: {error}; on Tensors it takes {plain_signature(rule.expression)}") from None
    try:
        return rule.expression(*args, **known)
    except ConcretizationError as error:
        raise error if str(error).startswith(rule.name) else ConcretizationError(f"{rule.name}: {error}") from None


def plain_signature(function: Any) -> str:
    """The arguments of a function with their defaults, without annotations."""
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def plain(argument: Any, rule: Rule, position: int) -> Any:
    """An argument that is no Tensor, as the graph may hold it: lists become arrays where they stand for one."""
    if rule.constant or not rule.differentiable(position):
        return frozen(argument)
    if isinstance(argument, (list, tuple)):
        argument = np.asarray(argument)
    return plain_array(argument, rule.name, position) if isinstance(argument, np.ndarray) else argument


def seal(node: Tensor) -> list[Seal] | None:
    """Seal the plain arrays that a gradient formula of this node will read."""
    rule = cast(Rule, node.rule)
    reads = [rule.values_read(position) for position in node.needs]
    seals = []
    for position, argument in enumerate(node.args):
        if isinstance(argument, (Tensor, float, int)) or not any(read is None or position in read for read in reads):
            continue
        # Read-only arrays too: they may be views of an array that is written to.
        seals += [Seal(array) for array in ((argument,) if type(argument) is np.ndarray else arrays_in(argument))]
    if node.options:
        seals += [Seal(array) for array in arrays_in(node.options)]
    return seals or None


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: make `function(*arrays, **options)` one node of the graph. Give it a gradient with `mg.rule`.

    Its body sees plain arrays only. On plain arrays it is called as it stands.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for argument in args:
            if isinstance(argument, Tensor):
                return apply(call, *args, **kwargs)
        if any(isinstance(argument, Tensor) for argument in kwargs.values()):
            return apply(call, *args, **kwargs)
        return function(*args, **kwargs)

    call.primitive = True  # type: ignore[attr-defined]
    return call


operators.apply = apply
