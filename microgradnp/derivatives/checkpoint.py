"""Trade time for memory: `checkpoint` forgets the intermediate results of a function, and computes them again for the gradient.

T. Chen et al., "Training deep nets with sublinear memory cost" (2016).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core.context import current, mode, switch
from microgradnp.core.entries import overrides, variadic_rule
from microgradnp.core.graph import is_node, parents
from microgradnp.core.memory import arrays_in, sealed
from microgradnp.core.record import primitive
from microgradnp.core.signatures import name_of
from microgradnp.core.sweep import sweep
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.override import under
from microgradnp.derivatives.trees import leaves, tree_map
from microgradnp.derivatives.variables import recorded, same_leaves

serial = itertools.count()


class checkpoint:
    """The function `f`, of which the graph keeps arguments and result only. The backward pass computes the rest again.

    Arguments, keyword arguments and results may be trees. `f` may use Tensors from outside, such as the parameters of a model.
    Checkpoints nest, and can be differentiated to any order; second derivatives keep the intermediates. `f` must compute the
    same each time: draw random numbers outside of it, or seed them inside.

    Attributes
    ----------
    kept, saved : int
        Bytes of the results that the last call kept, and of the intermediates that it forgot.
    recomputed : int
        How often `f` was computed again.

    Raises
    ------
    RuntimeError
        In the backward pass, when `f` computed something else the second time.

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor(np.ones(1000), requires_grad=True)
    >>> block = mg.checkpoint(lambda x: np.sin(np.cos(np.sin(x))))
    >>> np.sum(block(x)).backward()
    >>> block
    checkpoint of <lambda>: kept 8.0 kB instead of 24.0 kB (3.0x less), computed again 1 time
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self.f = f
        self.kept = self.saved = self.recomputed = 0

    def __repr__(self) -> str:
        text = f"checkpoint of {name_of(self.f)}"
        if self.kept:
            total = self.kept + self.saved
            text += f": kept {readable(self.kept)} instead of {readable(total)} ({total / self.kept:.1f}x less)"
        times = "time" if self.recomputed == 1 else "times"
        return f"{text}, computed again {self.recomputed} {times}" if self.kept else text

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not current().recording or current().tracer is not None:  # a traced program chooses itself what to keep
            return self.f(*args, **kwargs)
        replay = Replay(self, args, kwargs)
        result, packed, inside = replay.run(args, kwargs)
        if packed is None or not packed.requires_grad:
            return result
        outside = boundary(inside)
        replay.value = packed.numpy()
        replay.contents = contents_of(inside)
        self.kept = packed.numpy().nbytes
        self.saved = sum(memory(node) for node in inside if node is not packed)
        node = replayed(*outside, replay=replay)
        return unpacked(node, result)


class Replay:
    """One call of the function: its arguments, to call it again, and its result."""

    def __init__(self, owner: checkpoint, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.owner = owner
        self.args, self.kwargs = same_leaves(args), same_leaves(kwargs)  # the function may write into its containers
        self.rules = overrides.get()  # the rules of `mg.override` that hold when the call is recorded
        self.value: Any = None
        self.contents: list[Any] = []
        self.memo: tuple[Any, dict[int, Any]] | None = None  # (g, the shares of all arguments) of the sweep that asks now

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Tensor | None, list[Tensor]]:
        """Call the function. Returns its result, the result as one Tensor, and the nodes made inside."""
        with inside_scope() as own, recorded():
            result = self.owner.f(*args, **kwargs)
            tensors = [leaf for leaf in leaves(result) if isinstance(leaf, Tensor)]
            if not any(is_made_inside(t, own) for t in tensors):
                return result, None, []
            packed = pack(tensors) if not isinstance(result, Tensor) else result
        return result, packed, list(walk_inside(packed, own))

    def again(self) -> tuple[Tensor, list[Tensor]]:
        """Call the function again. Raises RuntimeError when it computes something else."""
        with under(self.rules):
            _, packed, inside = self.run(same_leaves(self.args), same_leaves(self.kwargs))
        self.owner.recomputed += 1
        if packed is None or packed.numpy().tobytes() != self.value.tobytes() or contents_of(inside) != self.contents:
            raise RuntimeError(
                f"{self.owner!r}: it did not compute the same again, so its gradient would be wrong. Either it draws "
                "random numbers: draw them outside, or seed them inside. Or an array or a parameter "
                "changed between forward and backward pass"
            )
        return packed, inside


@contextlib.contextmanager
def inside_scope() -> Iterator[str]:
    """A scope of this call alone. It tells nodes made inside from nodes made outside."""
    outer, own = current().scope, f"checkpoint{next(serial)}"
    path = f"{outer}.{own}" if outer else own
    token = switch(scope=path)
    try:
        yield path
    finally:
        mode.reset(token)


def is_made_inside(node: Any, own: str) -> bool:
    """Whether a node was made in the scope `own`, or in a scope inside of it."""
    made = node.scope
    return made is not None and node.rule is not None and (made == own or made.startswith(own + "."))


def walk_inside(root: Tensor, own: str) -> Iterator[Tensor]:
    """The nodes made inside that `root` depends on, and `root`."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in seen and is_made_inside(node, own):
            seen.add(id(node))
            yield node
            stack.extend(parents(node))


def boundary(inside: list[Tensor]) -> list[Tensor]:
    """The Tensors outside on which the nodes inside depend and that need a gradient, each once."""
    own = {id(node) for node in inside}
    found = {id(p): p for node in inside for p in parents(node) if p.requires_grad and id(p) not in own}
    return list(found.values())


def contents_of(inside: list[Tensor]) -> list[Any]:
    """What the nodes inside read: numbers, and of plain arrays and leaves bytes or check sums, shapes and dtypes.

    Other numbers can give the same value and another gradient, as `x * c` does at x = 0.
    """
    held: list[Any] = []
    for node in inside:
        held += [argument._array for argument in node.args if isinstance(argument, Tensor) and argument.is_leaf]
        held += arrays_in([*node.args, *node.options.values()])
        held += [argument for argument in node.args if isinstance(argument, (int, float, complex, np.generic))]
    return [sealed(item)[1:] if isinstance(item, np.ndarray) else repr(item) for item in held]


def memory(node: Tensor) -> int:
    """Bytes of a node's array; 0 for a view of another array."""
    array = node.numpy().base if node.numpy().base is not None else node.numpy()
    return 0 if getattr(array, "base", None) is not None else int(node.numpy().nbytes)


def pack(tensors: list[Tensor]) -> Tensor:
    """All entries of several Tensors in one vector. Raises TypeError when their dtypes differ."""
    if len({t.dtype for t in tensors}) > 1:
        raise TypeError(
            f"checkpoint: the results are of several dtypes, {', '.join(str(t.dtype) for t in tensors)}; return one kind"
        )
    return np.concatenate([np.ravel(t) for t in tensors])  # type: ignore[return-value]


def unpacked(node: Any, result: Any) -> Any:
    """The result as `f` returned it, made of slices of the one Tensor that holds all its entries."""
    if isinstance(result, Tensor):
        return node
    start = 0

    def take(leaf: Any) -> Any:
        nonlocal start
        if not isinstance(leaf, Tensor):
            return leaf
        part = np.reshape(node[start : start + leaf.size], leaf.shape)
        start += leaf.size
        return part

    return tree_map(take, result)


def readable(size: float) -> str:
    """A number of bytes with its unit: `8.0 kB`."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.1f} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:.1f} GB"


@primitive
def replayed(*arrays: Any, replay: Any) -> Any:
    """The result of a call that has been made."""
    return replay.value


def share(position: int, g: Any, y: Any, *arrays: Any, replay: Any) -> Any:
    """The share of one argument. Calls the function again, sweeps its graph, and keeps the shares of the other arguments."""
    if replay.memo is None or replay.memo[0] is not g:
        record = is_node(g)
        packed, inside = replay.again()
        outside = boundary(inside)
        wanted = {id(node): k for k, node in enumerate(outside)}
        shares = {  # each an array of its own: the sweep that asks adds to them in place
            wanted[id(node)]: part if is_private or record else part.copy()
            for node, part, is_private in sweep(packed, g, free=not record, record=record, until=set(outside))
            if id(node) in wanted
        }
        replay.memo = (g, shares)
    found = replay.memo[1].pop(position)
    if not replay.memo[1]:
        replay.memo = None
    return found


variadic_rule(replayed, share)
