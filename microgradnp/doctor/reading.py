"""One graph, read: its output, its targets, its activations, and how good the output is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.sweep import sweep
from microgradnp.core.tensor import Tensor
from microgradnp.doctor.activations import NAMED, Activation, chain_of, channel_axis, elementwise, kind_of
from microgradnp.doctor.patient import Array, Patient
from microgradnp.doctor.tail import Tail

RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf), "softmax": (0.0, 1.0)}
PASSING = frozenset(["identity", "reshape", "squeeze", "getitem", "log", "clip", "transpose", "add", "ravel"])


class Reading:
    """The graph of a loss at the parameters of now. `data` are the arrays that the loss is called with."""

    def __init__(self, patient: Patient, data: tuple[Array, ...] | None = None) -> None:
        self.patient = patient
        self.leaves = [Tensor(a) for a in (patient.data if data is None else data)]
        with np.errstate(all="ignore"):
            self.loss = patient.loss(*self.leaves)
        self.nodes = graph.walk(self.loss)
        self.find_origins()
        self.find_output()

    def find_origins(self) -> None:
        """For each value: the parameters and the data arrays that it is made from."""
        given = {id(leaf): k for k, leaf in enumerate(self.leaves)}
        self.held: list[Any] = []
        self.unwrapped: dict[int, Any] = {id(leaf._array): k for k, leaf in enumerate(self.leaves)}  # taken out by a model
        self.made_of: dict[int, frozenset[int]] = {}
        self.data_of: dict[int, frozenset[Any]] = {}
        self.arrays: dict[Any, Any] = {}
        for node in self.nodes:
            parents = graph.parents(node)
            own = frozenset([id(node)]) if node.rule is None and node.requires_grad else frozenset()
            self.made_of[id(node)] = own.union(*(self.made_of[id(p)] for p in parents))
            held: set[Any] = {given[id(node)]} if id(node) in given else set()
            for argument in operands_of(node):  # arrays that the loss brings along are data, too
                if isinstance(argument, np.ndarray) and argument.ndim and len(argument) > 1:
                    held.add(key := self.key_of(argument))
                    self.arrays[key] = argument
            self.data_of[id(node)] = frozenset(held).union(*(self.data_of[id(p)] for p in parents))
            if node.rule is None and not node.requires_grad and id(node) not in given and node.ndim:
                self.data_of[id(node)] = frozenset([key := self.key_of(node._array)])
                self.arrays[key] = node._array
        names = {id(p) for p in self.patient.parameters.values()}
        self.outside = [n for n in self.nodes if n.rule is None and n.requires_grad and id(n) not in names]

    def key_of(self, array: Any) -> Any:
        """The position of a data array, also of a view or a copy of it, or the identity of one that the loss brings along."""
        if id(array) not in self.unwrapped and isinstance(array, np.ndarray):
            alike = (k for k, leaf in enumerate(self.leaves) if leaf.ndim and leaf.shape == array.shape)
            same = next((k for k in alike if np.array_equal(self.leaves[k]._array, array)), ("own", id(array)))
            self.unwrapped[id(array)] = same
            self.held.append(array)  # so that its id stays its own
        return self.unwrapped.get(id(array), ("own", id(array)))

    def find_output(self) -> None:
        """The output is the last value that meets data which it is not made from. Those data are the targets."""
        self.output: Any = None
        self.target: Array | None = None
        self.target_keys: frozenset[Any] = frozenset()
        self.met_at: Any = None  # the operation in which they meet
        self.met: set[Any] = set()  # all data that meet an output: targets, weights, masks
        for node in self.nodes:
            for value, data, keys in self.meetings(node):
                self.met |= keys
                self.output, self.target, self.target_keys, self.met_at = value, self.rows_first(data), keys, node
        self.reconstructs = self.output is None and self.find_reconstruction()

    def find_reconstruction(self) -> bool:
        """Whether the output meets its own inputs in a difference, as in an autoencoder. Then they are the targets, too."""
        for node in self.nodes:
            if node.rule is None or node.rule.name != "subtract":
                continue
            for value, data in itertools.permutations(graph.parents(node), 2):
                keys = self.data_of[id(data)]
                same = value.shape == data.shape == node.shape and keys == self.data_of[id(value)] and len(keys) == 1
                if same and self.made_of[id(value)] and not self.made_of[id(data)]:
                    self.output, self.target = value, self.rows_first(np.asarray(data._array))
                    self.target_keys, self.met_at = keys, node
                    self.met |= keys
        return self.output is not None

    @property
    def meeting(self) -> str:
        """The name of the operation in which output and targets meet."""
        return "" if self.met_at is None else str(self.met_at.rule.name)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the targets meets the output: no weights, masks or second targets, which may be taken for them."""
        others = [key for key in self.met - self.target_keys if isinstance(key, int) or not is_mask(self.arrays.get(key))]
        return not others

    @cached_property
    def penalties(self) -> list[Any]:
        """The terms of the loss that are made of parameters alone."""
        found, waiting = [], [self.loss] if self.data_of[id(self.loss)] else []
        while waiting:
            node = waiting.pop()
            if self.made_of[id(node)] and not self.data_of[id(node)]:
                found.append(node)
            elif node.rule is not None and node.rule.name == "add" and node.ndim == 0:
                waiting += [p for p in graph.parents(node) if p.ndim == 0]
        return found

    def meetings(self, node: Any) -> Iterator[tuple[Any, Array, frozenset[Any]]]:
        """(value, data, their keys) where a node joins what depends on parameters and data with other data."""
        values = [p for p in graph.parents(node) if self.data_of[id(p)] and self.made_of[id(p)]]
        for argument in operands_of(node):
            if isinstance(argument, Tensor):
                keys = frozenset() if self.made_of[id(argument)] else self.data_of[id(argument)]
                array = np.asarray(argument._array)
            elif isinstance(argument, np.ndarray) and argument.ndim and not self.patient.known.get("random"):
                keys, array = frozenset([self.key_of(argument)]) & self.arrays.keys(), argument
            else:
                continue
            if not keys or array.dtype.kind not in "fiub":
                continue
            for value in values:
                if value.ndim and not keys <= self.data_of[id(value)] and np.shape(array)[:1] == value.shape[:1]:
                    yield value, array, keys

    @cached_property
    def y(self) -> Array | None:
        """The output as an array with its samples as rows."""
        return None if self.output is None else self.rows_first(np.asarray(self.output._array, float))

    def rows_first(self, array: Array) -> Array:
        """An array of the graph with its samples as rows: some models take them as columns."""
        return array.T if self.patient.known.get("columns") and np.ndim(array) == 2 else array

    @property
    def inputs(self) -> list[int]:
        """The positions of the data arrays that are not targets, or that are both."""
        return [k for k in range(len(self.leaves)) if k not in self.target_keys or self.reconstructs]

    @property
    def targets(self) -> list[int]:
        """The positions of the data arrays that are targets."""
        return [k for k in range(len(self.leaves)) if k in self.target_keys]

    @cached_property
    def input_array(self) -> Array | None:
        """The first array that the output is made from."""
        if self.inputs:
            return np.asarray(self.leaves[self.inputs[0]]._array)
        if self.output is None:
            return None
        own = [self.arrays[k] for k in self.data_of[id(self.output)] if k in self.arrays]
        fits = [np.asarray(a) for a in own if np.ndim(a) > 1 and len(a) == self.output.shape[0]]
        return max(fits, key=np.size, default=None)

    def is_index(self, array: Array) -> bool:
        """Whether an array holds row numbers of a table of vectors, so that its size means nothing."""
        return array.dtype.kind in "iu" and any(
            n.rule is not None and n.rule.name == "getitem" and any(self.made_of[id(p)] for p in graph.parents(n))
            for n in self.nodes
        )

    @cached_property
    def classes(self) -> Array | None:
        """The class of each sample, from one-hot rows, class numbers, or two values of one column; None for a regression."""
        t, y = self.target, self.y
        if t is None or y is None:
            return None
        if y.ndim > 1 and y.shape[-1] > 1:
            if t.shape == y.shape and np.all((t == 0) | (t == 1)):
                alone = np.mean(t.sum(-1) == 1)
                if alone == 1 or (alone > 0.5 and self.sides is None):
                    return t.argmax(-1)
            if t.ndim == y.ndim - 1 and t.dtype.kind in "iub" and t.shape == y.shape[:-1] and t.min(initial=0) >= 0:
                return t.astype(int)
        elif self.sides is not None and not self.is_squared:
            return self.sides[1].astype(int).reshape(y.shape)
        return None

    @cached_property
    def tail(self) -> Tail:
        """The loss as a function of the output."""
        return Tail(self)

    @cached_property
    def sides(self) -> tuple[Array, Array] | None:
        """(answers, classes) of targets with two values, where the loss asks for a side; None elsewhere."""
        found = None if self.target is None else self.tail.sides(np.asarray(self.target, float))
        return None if found is None or self.tail.falls_without_end else found

    @cached_property
    def is_squared(self) -> bool:
        """Whether the loss pulls each output to its target, as far as it is away: a squared error, or a function of one."""
        y, t = self.y, self.target
        if y is None or t is None or t.size != y.size or not np.isfinite(y).all():
            return False
        g, d = self.adjoints().get(id(self.output)), y - np.asarray(t, float).reshape(y.shape)
        if g is None or not (np.isfinite(g).all() and np.isfinite(d).all()):
            return False
        g = self.rows_first(g)
        factor = float(np.vdot(g, d)) / (float(np.vdot(d, d)) + 1e-300)
        size = 1e-3 if self.loss.dtype.itemsize < 8 else 1e-6
        return (factor > 0 or not d.any()) and bool(np.allclose(g, factor * d, rtol=size, atol=size * np.abs(g).max(initial=0)))

    @cached_property
    def measure(self) -> str:
        """What `quality` is: "accuracy", "R^2", "loss", or "" where the level of a constant answer cannot be had."""
        if self.y is None or self.target is None or not np.isfinite(self.y).all():
            return ""
        if self.classes is not None:
            return "accuracy"
        if self.is_squared:
            return "R^2"
        if self.sides is not None:
            return "accuracy"
        return "loss" if np.isfinite(self.tail.explained) else ""

    def quality(self) -> float:
        """0 for a constant answer, 1 for a perfect one, -inf where it cannot be told.

        It is the accuracy beyond the most frequent class; R^2 where the loss is a squared error; else the share of the loss of
        the best constant answer that is saved.
        """
        y, t, classes = self.y, self.target, self.classes
        if y is None or t is None or not self.measure:
            return -np.inf
        if self.measure == "loss":
            return self.tail.explained
        if self.measure == "R^2":
            t = np.asarray(t, float).reshape(y.shape)
            return float(1 - np.sum((y - t) ** 2) / (np.sum((t - t.mean(0)) ** 2) + 1e-300))
        if classes is not None and y.shape != classes.shape:
            right, base = np.mean(y.argmax(-1) == classes), np.bincount(classes.ravel()).max() / classes.size
        else:
            assert self.sides is not None
            answers, high = self.sides
            right, base = np.mean(answers == high), np.mean(np.maximum(high.mean(0), 1 - high.mean(0)))
        return float((right - base) / (1 - base + 1e-12))

    def adjoints(self) -> dict[int, Array]:
        """id of a node -> the gradient of the loss with respect to it."""
        with np.errstate(all="ignore"):
            return {id(node): g for node, g, _ in sweep(self.loss, self.loss.seed(), free=False)}

    @cached_property
    def last_activation(self) -> str | None:
        """The name of the function that makes the output; None where the output is linear."""
        node = self.output
        own = self.chain(node) if node is not None else None
        if own is not None and own.kind in RANGES:
            return own.kind
        while node is not None and node.rule is not None and node.rule.name in PASSING and len(graph.parents(node)) == 1:
            node = graph.parents(node)[0]
        if node is None or node.rule is None:
            return None
        if node.rule.name in RANGES:
            return str(node.rule.name)
        own = self.chain(node)
        return own.kind if own is not None and own.kind in RANGES else None

    @cached_property
    def activations(self) -> list[Activation]:
        """The nonlinear functions on the way to the output, arguments first; not the output's own."""
        if self.output is None:
            return []
        inside = graph.walk(self.output)
        inner: set[int] = set()
        found: dict[int, Activation] = {}
        for node in inside:
            if not self.made_of[id(node)] or not self.data_of[id(node)] or node.ndim < 1 or node is self.output:
                continue
            activation = self.chain(node)
            if activation is None:
                continue
            for part in chain_of(node):
                inner.add(id(part))
            found[id(node)] = activation
            inner.discard(id(node))
        own = {id(part) for part in chain_of(self.output)}
        return [a for key, a in found.items() if key not in inner and key not in own and a.kind != "other"]

    def chain(self, node: Any) -> Activation | None:
        """The elementwise function that ends in a node: a known one, or else the longest. None where it is linear."""
        slope, end, longest = np.ones(()), node, None
        h = np.asarray(node._array, float)
        with np.errstate(all="ignore"):
            while (step := elementwise(end)) is not None:
                slope = slope * step[0]
                end = step[1]
                z = np.asarray(end._array, float)
                own = node.rule.name if node.args and end is node.args[0] else ""
                kind = own if own in NAMED else kind_of(z, h, slope) if end.size > 1 else None
                if kind is not None:
                    longest = Activation(node, kind, z, h, slope, 0 if self.rows_first(z) is not z else channel_axis(end))
                    if kind != "other":
                        break
        return longest


def is_mask(array: Any) -> bool:
    """Whether an array has two values at most, as those of dropout."""
    return array is not None and len(np.unique(array)) <= 2


def operands_of(node: Any) -> list[Any]:
    """The arguments of an operation. Of an index `[rows, classes]` its last array."""
    found = []
    for argument in node.args:
        inside = [a for a in argument if isinstance(a, np.ndarray)] if isinstance(argument, tuple) else []
        found.append(inside[-1] if inside else argument)
    return found
