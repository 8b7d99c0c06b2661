"""The model's own numbers: node values, adjoints, local derivatives, whole, per sample, and as running sums over samples."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.messages import lost_graph
from microgradnp.core.origin import locate, one_line
from microgradnp.core.sweep import sweep
from microgradnp.core.tensor import Tensor
from microgradnp.debugger.capture.roles import data_of, lengths, targets_of
from microgradnp.debugger.match.filled import run_filled
from microgradnp.debugger.match.outputs import outputs
from microgradnp.debugger.record import alarm
from microgradnp.derivatives.agreement import scale_of

# what models hear that fill arrays
FILLS = ("cannot turn ", "an ndarray cannot hold ", "cannot assign to items of ", "would write a Tensor into an array")
NOT_ELEMENTWISE = frozenset(["getitem", "transpose", "reshape", "sum", "mean", "matmul", "identity"])


class ModelError(ValueError):
    """The model could not be evaluated or differentiated."""


@dataclass(eq=False)
class Reference:
    """One quantity of the model. kind: "value", "adjoint", "derivative" (act'(z)) or "update" (parameter after its step)."""

    kind: str
    text: str
    array: np.ndarray
    node: int = -1
    argument: str | None = None  # for the adjoint or value of an argument
    partial: bool = False  # one sample, or a running sum: not the whole
    rule: str = ""  # the operation that made a value
    squashed: str = ""  # "softmax" or "sigmoid" for the probabilities of logits


@dataclass(eq=False)
class Evaluation:
    """The model at one point."""

    loss: float
    values: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]
    nodes: list[Any]
    adjoints: dict[int, np.ndarray]
    names: dict[int, str]
    ends: list[frozenset[int]] = field(default_factory=list)  # numbers of the nodes that show where the forward pass ends


def model_arguments(model: Any) -> tuple[list[str], set[str]]:
    """(names of the model's arguments, those with a default)."""
    if not callable(model):
        shown = "None" if model is None else f"{'an' if type(model).__name__[0] in 'aeio' else 'a'} {type(model).__name__}"
        raise ModelError(
            f"the model must be a function that computes the loss, and {shown} was given. Pass the function itself, loss, "
            "and not what it returns, loss(x, ...)"
        )
    try:
        parameters = inspect.signature(model).parameters.values()
    except (TypeError, ValueError) as error:
        raise ModelError(f"the model {model!r} has no readable signature: {error}") from None
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    bad = [p.name for p in parameters if p.kind in kinds]
    if bad:
        raise ModelError(f"the model takes *{bad[0]}; write its arguments out, so that each can be bound to a variable")
    return [p.name for p in parameters], {p.name for p in parameters if p.default is not inspect.Parameter.empty}


def evaluate(model: Callable[..., Any], values: dict[str, Any]) -> Evaluation:
    """Run the model on Tensors and sweep its graph once.

    Raises ModelError when it fails, or does not return one real number.
    """
    alarm.look()
    given = {name: variable(value, name) for name, value in values.items()}
    try:
        loss = run_on_tensors(model, given, values)
    except Exception as error:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in values.items() if is_regular(value))
        raise ModelError(f"the model failed on {shapes}: {one_line(error)}") from error
    tensors = {name: value for name, value in given.items() if isinstance(value, Tensor)}
    if isinstance(loss, (tuple, list)):
        raise ModelError(f"the model returned a {type(loss).__name__} of {len(loss)}; let it return the loss alone")
    if not isinstance(loss, Tensor):
        raise ModelError(lost_graph(loss))
    if not loss.requires_grad:
        raise ModelError("the model's loss does not depend on its arguments; let it compute with the parameters that it takes")
    if loss.shape != ():
        raise ModelError(f"the model returned shape {loss.shape}; a loss is a single number (np.sum or np.mean it)")
    adjoints = {id(node): np.array(g) for node, g, _ in sweep(loss, loss.seed(), free=False)}
    nodes = graph.walk(loss)
    gradients = {name: adjoints.get(id(t), np.zeros(t.shape)) for name, t in tensors.items()}
    names = {id(node): name_of(node) for node in nodes}
    arrays = {n: np.asarray(t.numpy()) for n, t in tensors.items()}
    found = Evaluation(loss.item(), arrays, gradients, nodes, adjoints, names)
    found.ends = outputs(nodes, values)
    return found


def run_on_tensors(model: Callable[..., Any], given: dict[str, Any], values: dict[str, Any]) -> Any:
    """The model's loss. What it makes an array of, as `np.array(samples)` does, is given as it is: data, without a gradient.

    Arrays that the model fills with what has a gradient are followed.
    """
    while True:
        try:
            return model(**given)
        except TypeError as error:
            made = [name for name, value in given.items() if value is not values[name] and f"cannot turn {name} " in str(error)]
            if not made and not any(words in str(error) for words in FILLS):
                raise
            if not made:
                return run_filled(model, given, values)
            given[made[0]] = values[made[0]]


def variable(value: Any, name: str) -> Any:
    """A Tensor in the place of an array of floating-point numbers, or of a list that makes one; anything else as it is."""
    if not isinstance(value, (np.ndarray, float, np.floating, list, tuple)) or not is_regular(value):
        return value
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    made = Tensor(array.astype(np.result_type(array, np.float64)), requires_grad=True, name=name)
    made.place = None  # no line of the user's made it
    return made


def is_regular(value: Any) -> bool:
    """Whether a value is an array of numbers, or a nesting that makes one."""
    try:
        return np.asarray(value).dtype.kind in "fiub"
    except (ValueError, TypeError):
        return False


def name_of(node: Any) -> str:
    """What the user calls a node of the graph, or its source text."""
    place = locate(node.place)
    text = str(node.name or (place and (place.name or place.text)) or (node.rule.name if node.rule else "constant"))
    return text if text.isidentifier() or re.fullmatch(r"[\w.]+\([^()]*\)|[\w.]+(\[[^\]]*\])+", text) else f"({text})"


def references(evaluation: Evaluation) -> list[Reference]:
    """Every quantity of the model that hand-written code may hold."""
    found: list[Reference] = []
    targets = targets_of(evaluation.values)  # nobody computes the gradient with respect to these
    for number, node in enumerate(evaluation.nodes):
        if node.rule is not None and node.rule.name == "transpose" and node.args[0].rule is None and node.ndim == 2:
            continue  # every quantity is looked for transposed as well
        name = evaluation.names[id(node)]
        argument = node.name if node.rule is None and node.name in evaluation.values else None
        value = np.asarray(node._array, float) if np.asarray(node._array).dtype.kind in "fiub" else None
        if value is None:
            continue
        found.append(Reference("value", name, value, number, argument, rule=node.rule.name if node.rule else ""))
        adjoint = evaluation.adjoints.get(id(node)) if argument not in targets else None
        if adjoint is not None and not (argument is None and is_repeated(node, adjoint, evaluation)):
            found.append(Reference("adjoint", f"dL/d{name}", adjoint, number, argument))
    return found + derivatives(evaluation) + squashed(evaluation)


def squashed(evaluation: Evaluation) -> list[Reference]:
    """Probabilities of the logits, which a loss like `softmax_cross_entropy` never forms, and hand-written code always does."""
    found = []
    for number in sorted(set().union(*evaluation.ends)):
        node = evaluation.nodes[number]
        z = np.asarray(node._array)
        if z.dtype.kind != "f" or not 1 <= z.ndim <= 2 or not z.size or not np.all(np.abs(z) < 500):
            continue
        name = evaluation.names[id(node)]
        found.append(Reference("value", f"sigmoid({name})", 1 / (1 + np.exp(-z)), number, squashed="sigmoid"))
        for axis in range(z.ndim):
            e = np.exp(z - z.max(axis, keepdims=True))
            found.append(Reference("value", f"softmax({name})", e / e.sum(axis, keepdims=True), number, squashed="softmax"))
    return found


def is_repeated(node: Any, adjoint: np.ndarray, evaluation: Evaluation) -> bool:
    """Whether the adjoint is that of the operation's argument with the other sign, as for `-z`: one name for both is enough."""
    for argument in node.args:
        earlier = evaluation.adjoints.get(id(argument))
        if isinstance(argument, Tensor) and earlier is not None and earlier.shape == adjoint.shape:
            c, error = scale_of(adjoint, earlier)
            if error < 1e-13 and abs(c + 1) < 1e-13:
                return True
    return False


def derivatives(evaluation: Evaluation) -> list[Reference]:
    """f'(z) of elementwise functions of one array: of single operations, and of chains such as `1 / (1 + exp(-z))`.

    Each is the vector-Jacobian product of a vector of ones, multiplied along the chain.
    """
    found = []
    for number, node in enumerate(evaluation.nodes):
        slope, current = np.ones(()), node
        while (step := local_derivative(current)) is not None:
            slope = slope * step[0]
            text = f"{node.rule.name}'({name_of(step[1])})" if current is node else f"d{name_of(node)}/d{name_of(step[1])}"
            current = step[1]
            if slope.size and np.ptp(slope):
                found.append(Reference("derivative", text, slope, number))
    return found


def local_derivative(node: Any) -> tuple[np.ndarray, Any] | None:
    """(f'(z), z) of an elementwise operation of one array that asks for a gradient, else None."""
    if node.rule is None or node.rule.name in NOT_ELEMENTWISE or node.shape == ():
        return None
    tensors = [k for k, a in enumerate(node.args) if isinstance(a, Tensor) and a.requires_grad]
    if len(tensors) != 1 or node.args[tensors[0]].shape != node.shape:
        return None
    try:
        vjp = node.rule.vjps[tensors[0]]
        array = np.asarray(vjp(np.ones_like(node._array), node._array, *node.values, **node.options))
    except Exception:  # a rule that needs more than its own arguments has no local derivative to show
        return None
    return (array, node.args[tensors[0]]) if array.shape == node.shape else None


def per_sample(
    model: Callable[..., Any], values: dict[str, Any], whole: Evaluation, moving: set[str], most: int = 40
) -> list[Reference]:
    """Quantities of single samples, and running sums of their gradients: what code that goes sample by sample holds."""
    data = batch_arguments(values, moving)
    if not data:
        return []
    count = len(np.asarray(values[data[0]]))
    if not 2 <= count <= most:
        return []
    found: list[Reference] = []
    sums: dict[str, np.ndarray] = {}
    for n in range(count):
        one = {name: np.asarray(value)[n : n + 1] if name in data else value for name, value in values.items()}
        try:
            single = evaluate(model, one)
        except ModelError:
            return []
        for reference in references(single):
            reference.partial = True
            reference.text += f" of sample {n}"
            found.append(reference)
        for name, gradient in single.gradients.items():
            if name in data:
                continue
            sums[name] = sums.get(name, 0) + gradient
            if 0 < n < count - 1:
                found.append(Reference("adjoint", f"dL/d{name} of the first {n + 1} samples", sums[name].copy(), -1, name, True))
    whole_fits = all(scale_of(total, whole.gradients[name])[1] < 1e-8 for name, total in sums.items())
    return found if whole_fits else []


def batch_arguments(values: dict[str, Any], moving: set[str]) -> list[str]:
    """Arguments that look like data, by name and because they do not move: those of the length of the first."""
    data = [n for n in data_of(values, moving) if is_regular(values[n]) and np.ndim(values[n])]
    return data if len(lengths(values, set(data))) == 1 else []


def users_of(evaluation: Evaluation) -> dict[int, list[tuple[int, int]]]:
    """id of a node -> (number of a node that reads it, at which place)."""
    found: dict[int, list[tuple[int, int]]] = {}
    for number, node in enumerate(evaluation.nodes):
        for place, argument in enumerate(node.args if node.rule is not None else ()):
            if isinstance(argument, Tensor) and argument.requires_grad and id(node) in evaluation.adjoints:
                found.setdefault(id(argument), []).append((number, place))
    return found


def inside_of_sigmoids(evaluation: Evaluation, users: dict[int, list[tuple[int, int]]]) -> Iterator[int]:
    """The numbers of exp(-z) and 1 + exp(-z) where a model spells out 1 / (1 + exp(-z)): nobody needs their gradients.

    That of exp(-z) is y * y * (1 - y) where y - 1 is that of y, and so equals what one gets with y for y - 1.
    """
    nodes = evaluation.nodes
    for number, node in enumerate(nodes):
        if node.rule is None or node.rule.name != "exp":
            continue
        uses = users.get(id(node), [])
        if len(uses) == 1 and nodes[uses[0][0]].rule.name == "add":
            again = users.get(id(nodes[uses[0][0]]), [])
            if len(again) == 1 and nodes[again[0][0]].rule.name == "divide" and again[0][1] == 1:
                yield from (number, uses[0][0])
