"""Which arguments of the model nobody trains: data, targets, masks, states. The model's own graph tells, not their names.

Data are what a trained parameter is multiplied with. Targets are what the last value is compared with. Masks and labels are whole
numbers. An argument that is none of these and does not move may be a parameter whose update was forgotten.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.graph import walk
from microgradnp.core.tensor import Tensor
from microgradnp.debugger.match.references import Evaluation, ModelError, model_arguments

MATRIX_PRODUCTS = frozenset(["matmul", "dot", "inner", "outer", "tensordot", "einsum", "convolve", "correlate", "vdot", "kron"])
PRODUCTS = MATRIX_PRODUCTS | {"multiply", "divide"}
ARRANGED = frozenset(  # hand on the numbers of their operands
    {"transpose", "reshape", "ravel", "squeeze", "expand_dims", "concatenate", "stack", "vstack", "hstack", "column_stack"}
    | {"getitem", "moveaxis", "swapaxes", "broadcast_to", "tile", "repeat", "append_bias_unit", "pad", "copy", "astype", "append"}
    | {"sliding_window_view", "take", "flip", "roll", "atleast_2d", "set_at", "insert", "delete", "split", "array"}
)
CHOICES = frozenset(["getitem", "take", "take_along_axis"])


def settings(evaluation: Evaluation, model: Callable[..., Any]) -> set[str]:
    """The single numbers that nobody trains: those with a default, and those that scale a sum or a mean."""
    graph = Graph(evaluation, set())
    numbers = {a for a, value in evaluation.values.items() if np.ndim(value) == 0}
    try:
        optional = set(model_arguments(model)[1])
    except ModelError:  # the debugger's own, which takes the parts of containers
        optional = set()
    return {a for a in numbers if a in optional or graph.scales_sums(a)}


def untrained(evaluation: Evaluation, judged: set[str], moving: set[str], model: Callable[..., Any] | None = None) -> set[str]:
    """The arguments that need no gradient when those in `judged` have one."""
    graph = Graph(evaluation, judged)
    graph.settings = settings(evaluation, model) if model is not None else set()
    return {a for a in evaluation.gradients if a not in judged and is_untrained(graph, a, moving)}


def is_untrained(graph: Graph, argument: str, moving: set[str]) -> bool:
    """Whether one argument is data, a target, a mask or a setting."""
    value = np.asarray(graph.evaluation.values[argument])
    if value.ndim == 0 and graph.is_bias(argument):
        return False
    numbers = [a for a in moving or graph.judged if np.ndim(graph.evaluation.values.get(a, 0)) == 0]
    if value.ndim == 0 and not numbers and (moving or (graph.judged and graph.scales_only(argument))):
        return True  # a setting, where all parameters are arrays
    if value.ndim == 0 and argument in graph.settings:
        return True
    is_alone = value.ndim > 0 or not moving  # neither a setting, nor one of several numbers of which others move
    if value.size and np.any(value) and np.all(value == np.round(value)) and not (is_alone and np.ptp(value) == 0):
        return True  # labels, masks, counts; a scale may begin with ones
    if graph.is_batch(argument, value) or graph.chooses(argument):
        return True
    distinct = np.unique(value)
    if value.size > 2 and len(distinct) == 2 and 0 in distinct:
        return True  # a mask that scales up what it keeps
    meetings = graph.meetings(argument)
    if any(graph.is_multiplied_by_trained(node, argument) for node in meetings if node.rule.name in MATRIX_PRODUCTS):
        return True
    return bool(meetings) and all(
        graph.is_multiplied_by_trained(node, argument)
        or graph.is_compared(node, argument)
        or graph.is_measured(node, argument)
        or graph.scales_alone(node, argument, value)
        for node in meetings
    )


class Makers:
    """What the nodes of a model are made from: arguments by name. It is looked at once for each evaluation."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.makers: dict[int, frozenset[str]] = {}  # the arguments that a node is made from, by the node's id
        self.carried: dict[int, frozenset[str]] = {}  # those that it hands on
        self.operands = {id(node): tensors(node) for node in evaluation.nodes if node.rule is not None}
        self.meetings: dict[str, list[Any]] = {a: [] for a in evaluation.gradients}  # where it comes together with others
        none: frozenset[str] = frozenset()
        for node in evaluation.nodes:
            if node.rule is None:
                own = frozenset([node.name]) if node.name in evaluation.gradients else none
                self.makers[id(node)] = self.carried[id(node)] = own
                continue
            operands = [id(a) for a in self.operands[id(node)]]
            makers = none.union(*(self.makers.get(a, none) for a in operands))
            arrived = none.union(*(self.carried.get(a, none) for a in operands))
            handed_on = arrived if node.rule.name in ARRANGED or len(makers) == 1 else none
            self.makers[id(node)], self.carried[id(node)] = makers, handed_on
            for argument in (arrived - handed_on) & self.meetings.keys():
                self.meetings[argument].append(node)


KNOWN: weakref.WeakKeyDictionary[Evaluation, Makers] = weakref.WeakKeyDictionary()


def makers_of(evaluation: Evaluation) -> Makers:
    """What the nodes of an evaluation are made from."""
    if evaluation not in KNOWN:
        KNOWN[evaluation] = Makers(evaluation)
    return KNOWN[evaluation]


class Graph:
    """The model's graph, with the arguments that each node is made from and those that it hands on."""

    def __init__(self, evaluation: Evaluation, judged: set[str]) -> None:
        self.evaluation = evaluation
        self.judged = judged
        self.settings: set[str] = set()
        self.masks = {a for a, value in evaluation.values.items() if np.array_equal(np.unique(value), [0, 1])}
        made = makers_of(evaluation)
        self.makers, self.carried, self.operands = made.makers, made.carried, made.operands
        self.meeting = made.meetings

    def meetings(self, argument: str) -> list[Any]:
        """The nodes where an argument first comes together with others."""
        return self.meeting.get(argument, [])

    def is_batch(self, argument: str, value: np.ndarray) -> bool:
        """Data of a layer that is not trained: an entry for each target, in a product whose other factor has not."""
        counts = {len(v) for a, v in self.evaluation.values.items() if a != argument and self.is_target(a)}
        if value.ndim < 2 or len(counts) != 1 or len(value) not in counts:
            return False
        products = [node for node in self.meetings(argument) if node.rule.name in MATRIX_PRODUCTS]
        return any(len(value) not in a.shape for node in products for a in self.others(node, argument))

    def chooses(self, argument: str) -> bool:
        """Whether an argument, made whole numbers, chooses rows or entries: `W[x[:, 0].astype(int)]`. Nobody trains that."""
        chosen = (
            a
            for node in self.evaluation.nodes
            if node.rule is not None and node.rule.name in CHOICES
            for a in self.operands[id(node)]
        )
        return any(argument in names_in(a) for a in chosen if a.dtype.kind in "iu")

    def is_target(self, argument: str) -> bool:
        """Whether the model's last value is compared with an argument."""
        value = np.asarray(self.evaluation.values[argument])
        meetings = self.meetings(argument) if argument not in self.judged else []
        return bool(meetings) and value.ndim > 0 and all(self.is_compared(node, argument) for node in meetings)

    def others(self, node: Any, argument: str) -> list[Any]:
        return [a for a in self.operands[id(node)] if argument not in self.carried.get(id(a), ())]

    def is_multiplied_by_trained(self, node: Any, argument: str) -> bool:
        """Data: x in x @ W."""
        if node.rule.name not in PRODUCTS:
            return False
        others = (self.makers[id(a)] - {argument} for a in self.others(node, argument))
        return any(makers and makers <= self.judged for makers in others)

    def is_compared(self, node: Any, argument: str) -> bool:
        """Targets: behind them come masks only, neither a parameter nor another argument that could be the targets."""
        own = [a for a in self.operands[id(node)] if argument in self.carried.get(id(a), ())]
        others = [a for a in self.others(node, argument) if self.makers[id(a)]]
        adds = node.rule.name == "add"  # a bias does, targets hardly
        if not others or any(not stand_side_by_side(a.shape, b.shape, adds) for a in own for b in others if b.size > 1):
            return False
        later = {id(node)}
        for other in self.evaluation.nodes:
            operands = self.operands.get(id(other), [])
            if id(other) in later or not any(id(a) in later for a in operands):
                continue
            later.add(id(other))
            known = self.makers[id(node)] | self.masks
            coming = [a for a in operands if id(a) not in later and self.makers[id(a)] - known]
            if any(a.size > 1 and other.shape != () for a in coming):
                return False
        return True

    def is_measured(self, node: Any, argument: str) -> bool:
        """Data whose distance to every trained centre is taken: `x[:, None] - centres[None]`."""
        own = [a for a in self.operands[id(node)] if argument in self.carried.get(id(a), ())]
        others = [a for a in self.others(node, argument) if self.makers[id(a)]]
        if node.rule.name != "subtract" or not others or not own:
            return False
        crossed = all(node.shape not in (a.shape, b.shape) for a in own for b in others)
        return crossed and all(self.makers[id(a)] <= self.judged for a in others)

    def scales_only(self, argument: str) -> bool:
        """Whether everything that an argument meets is multiplied by it, or divided: the rate of a dropout, say, but no bias."""
        meetings = self.meetings(argument)
        return bool(meetings) and all(node.rule.name in ("multiply", "divide") for node in meetings)

    def is_bias(self, argument: str) -> bool:
        """Whether an argument is added to products with a trained one, `x @ W + b`, and goes nowhere else."""

        def is_product(a: Any) -> bool:
            while a.rule is not None and a.rule.name in ARRANGED and len(self.operands[id(a)]) == 1:
                (a,) = self.operands[id(a)]
            return a.rule is not None and a.rule.name in MATRIX_PRODUCTS and bool(self.makers[id(a)] & self.judged)

        meetings = self.meetings(argument)
        adds = (node.rule.name in ("add", "subtract") and any(map(is_product, self.others(node, argument))) for node in meetings)
        return bool(meetings) and all(adds)

    def scales_sums(self, argument: str) -> bool:
        """A weight of a penalty, or of the loss: a factor of what arrays were summed up to."""
        arrays = {a for a, value in self.evaluation.values.items() if np.ndim(value)}
        meetings = self.meetings(argument)
        others = [a for node in meetings for a in self.others(node, argument)]
        return (
            bool(meetings)
            and all(node.rule.name in PRODUCTS for node in meetings)
            and all(a.shape == () and self.makers[id(a)] & arrays for a in others)
        )

    def scales_alone(self, node: Any, argument: str, value: np.ndarray) -> bool:
        """Noise, a mask or a state: a factor for every entry of a value, or nothing but zeros."""
        if node.rule.name != "multiply":
            return False
        shapes = [a.shape for a in self.others(node, argument)]
        return not np.any(value) or (value.ndim > 1 and value.shape == node.shape and node.shape in shapes)


def stand_side_by_side(first: tuple[int, ...], second: tuple[int, ...], exactly: bool) -> bool:
    """Whether two arrays have as many entries along every axis, or one for each sample.

    If not `exactly`, a row stands beside a matrix of one row. Exactly, there are several samples: one may be a bias.
    """
    if exactly and (len(first) < 2 or min(first) < 2):
        return False
    if not exactly:
        first, second = (shape[next((k for k, n in enumerate(shape) if n > 1), 0) :] for shape in (first, second))
    return first == second or (len(first) == len(second) > 1 and first[0] == second[0])


def tensors(node: Any) -> list[Any]:
    """The operands of a node that are Tensors themselves."""
    return [a for arg in node.args for a in (arg if isinstance(arg, (list, tuple)) else [arg]) if isinstance(a, Tensor)]


def names_in(tensor: Any) -> set[str]:
    """The names of the leaves that a Tensor is made from."""
    return {node.name for node in walk(tensor) if node.rule is None and node.name}
