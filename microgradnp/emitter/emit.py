"""Print the derived backprop: a function and its gradient as NumPy source that runs with NumPy alone."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.origin import locate
from microgradnp.core.signatures import name_of
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients
from microgradnp.derivatives.parameters import Parameters, parameters_of
from microgradnp.derivatives.trees import leaves, tree_map
from microgradnp.derivatives.variables import Argnums, recorded
from microgradnp.emitter.proof import array_text, proof
from microgradnp.emitter.quoting import STANDARD, Quotes
from microgradnp.emitter.sizes import free_sizes, resized
from microgradnp.emitter.text import Body
from microgradnp.program import Program, simplified, trace
from microgradnp.program.arguments import Arguments, asked_for
from microgradnp.program.constants import constants_of, settled
from microgradnp.program.expansions import FOR_PEOPLE
from microgradnp.program.traced import check_scalar

__all__ = ["emit"]

LARGEST_CONSTANT = 10_000  # entries


def emit(
    f: Callable[..., Any],
    *args: Any,
    wrt: Argnums | Parameters | None = None,
    name: str = "value_and_grad",
    check: bool = False,
    **kwargs: Any,
) -> str:
    """The source of a function that returns (f(...), gradient), as a careful person would write it with NumPy alone.

    Parameters
    ----------
    f : callable
        Returns a real scalar; written with functions that have gradient rules. Called a few times with Tensors.
    args, kwargs
        Arguments to trace it with: arrays, trees of arrays, Python values. The latter become part of the text.
    wrt : int, str, a tuple of them, or parameters, optional
        Arguments to differentiate with respect to, by position or name; a tuple gives a tuple of gradients, a tree a tree. Or a
        module or Tensors that `f` reads from outside: then the gradient is a dict by their names. When left out: the Tensors
        that require a gradient, among the arguments, else among what `f` reads from outside; the first argument when there
        is none.
    name : str
        Of the function that is printed.
    check : bool
        Add a block that compares the gradient with central differences when the text is run as a program.

    Returns
    -------
    str
        A module. Arrays that `f` reads from outside are parameters of the function too, behind its own. Sizes are taken from the
        arguments where a second trace proves that the text is right for other sizes; where it is not, the text says which shapes
        it is for, and checks them. Loops of Python come out unrolled.

    Raises
    ------
    TypeError
        If `f` returns no Tensor, or reads the numbers of one: the text would keep what these numbers decided.
    ValueError
        If `f` returns no real scalar, draws random numbers, or uses what cannot be written down.

    >>> import numpy as np, microgradnp as mg
    >>> print(mg.emit(lambda x, w: mg.sse(x @ w, x), np.ones((4, 2)), np.eye(2), wrt=1))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def value_and_grad(x, w):
        \"\"\"The value, and its gradient with respect to w; for arrays of any sizes that fit together.\"\"\"
        # forward: ...
        error = x @ w - x              # (4, 2)
        value = np.vdot(error, error)
    <BLANKLINE>
        # backward
        d_w = x.T @ (2.0 * error)      # (2, 2)
        return value, d_w
    <BLANKLINE>
    """
    emission = Emission(f, args, kwargs, wrt, name)
    return emission.text + (emission.proof() if check else "")


class Emission:
    """One text on its way: the call, its program, and what of it is free."""

    def __init__(
        self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wrt: Argnums | Parameters | None, name: str
    ) -> None:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"emit: name={name!r} is no name that a function could have")
        self.f, self.name, self.title = f, name, name_of(f)
        self.by_name, argnums = parameters_of(wrt)
        self.parameters = list(self.by_name.values())
        self.call = Arguments(f, args, kwargs, asked_for(args, kwargs) if wrt is None else argnums)
        if wrt is None and not self.call.wrt:
            self.parameters = self.read_from_outside()
        if not self.call.wrt and not self.parameters:
            self.call = Arguments(f, args, kwargs, 0)
        self.unguarded = True
        self.program = self.traced(self.call)  # first of all: it refuses what cannot be printed
        self.value, self.gradients = self.by_the_graph()
        self.written()
        if not self.is_right():  # where a guard of a formula against 0 * inf was at work
            self.unguarded = False
            self.written()
            if not self.is_right():
                raise ValueError(
                    f"emit: the text does not return what the graph of {self.title} does; does that return something else "
                    "each time that it is called?"
                )

    def written(self) -> None:
        self.program = self.traced(self.call)
        self.free = free_sizes(self.program, self.traced_for)
        self.text = self.module()
        if self.free and not self.is_right_elsewhere():
            self.free = []
            self.text = self.module()

    # ------------------------------------------------------------------------------ what is differentiated

    def read_from_outside(self) -> list[Tensor]:
        """Leaves that require a gradient and are no arguments: the parameters of a model."""
        args, kwargs = self.call.rebuilt([Tensor(leaf.array) for leaf in self.call.leaves])
        with recorded():
            result = self.f(*args, **kwargs)
        if not isinstance(result, Tensor):
            return []
        return [node for node in graph.walk(result) if node.is_leaf and node.requires_grad]

    def by_the_graph(self) -> tuple[Any, list[Any]]:
        """The value and the gradients that the text must return."""
        variables = [Tensor(leaf.array, requires_grad=True) if leaf.wanted else leaf.array for leaf in self.call.leaves]
        args, kwargs = self.call.rebuilt(variables)
        with recorded():
            result = self.f(*args, **kwargs)
            check_scalar(self.f, result)
            wanted = [x for x in variables if isinstance(x, Tensor)]
            return result._array, gradients(result, [*wanted, *self.parameters])

    # ---------------------------------------------------------------------------------------- the program

    def traced(self, arguments: Arguments) -> Program:
        first, again = (
            trace(self.f, arguments.variables, unguarded=self.unguarded, expansions=FOR_PEOPLE, parameters=self.parameters)
            for _ in range(2)
        )
        program = simplified(settled(first, again, f"emit: {self.title}"))
        for value in constants_of(program):
            if value.size > LARGEST_CONSTANT:
                raise ValueError(
                    f"emit: {self.title} makes a constant array {value.shape}, too large to be written down; make it outside, "
                    "and pass it as an argument"
                )
        return program

    def traced_for(self, shapes: list[tuple[int, ...]]) -> Program:
        """The program for arguments of other shapes."""
        arrays = [resized(leaf.array, shape) for leaf, shape in zip(self.call.leaves, shapes, strict=False)]
        if any(shape != p.shape for p, shape in zip(self.parameters, shapes[len(arrays) :], strict=True)):
            raise ValueError("a parameter that is read from outside has one size")
        args, kwargs = self.call.rebuilt(arrays)
        return self.traced(Arguments(self.f, args, kwargs, tuple(self.call.wrt) if self.call.wrt else None))

    # ----------------------------------------------------------------------------------------- is it right

    def arrays(self) -> list[Any]:
        """What the text is called with, to return what the graph returned."""
        roots: dict[str, Any] = {}
        for where, name in self.call.names.items():
            roots[name] = self.call.value(where)
        values = [roots[name] for name in dict.fromkeys(root_of(leaf.path) for leaf in self.call.leaves)]
        outside = [*self.parameters, *(v.data for v in self.program.captured)]
        return [tree_map(lambda leaf: leaf._array if isinstance(leaf, Tensor) else leaf, value) for value in [*values, *outside]]

    def is_right_elsewhere(self) -> bool:
        """Whether the text also returns what the graph does when every free size is another one, all at once."""
        shapes = [list(v.shape) for v in self.program.inputs]
        for number, family in enumerate(self.free, 1):
            for k, axis in family.axes:
                shapes[k][axis] += 2 * number
        arrays = [resized(leaf.array, tuple(shape)) for leaf, shape in zip(self.call.leaves, shapes, strict=False)]
        args, kwargs = self.call.rebuilt(arrays)
        here = self.call, self.value, self.gradients
        try:
            self.call = Arguments(self.f, args, kwargs, tuple(self.call.wrt) if self.call.wrt else None)
            self.value, self.gradients = self.by_the_graph()
            return self.is_right()
        except Exception:  # the function does not take these sizes
            return False
        finally:
            self.call, self.value, self.gradients = here

    def is_right(self) -> bool:
        """Whether the text returns what the graph did: up to the rounding of sums in another order."""
        namespace: dict[str, Any] = {}
        exec(compile(self.text, f"<{self.name}>", "exec"), namespace)
        with np.errstate(all="ignore"):
            value, found = namespace[self.name](*self.arrays())
        found = [leaf for leaf in leaves(found) if leaf is not None]
        return all(close(a, b) for a, b in zip([value, *found], [self.value, *self.gradients], strict=True))

    # ------------------------------------------------------------------------------------------- the text

    def module(self) -> str:
        quotes = Quotes()
        names = self.names(quotes)
        title = self.title if self.title.isidentifier() else "value"
        body = Body(self.program, names, quotes, self.free, title)
        lines = [f"def {self.name}({', '.join(self.signature(names))}):", f'    """{self.document(names)}"""']
        function = "\n".join([*lines, *self.checks(names), body.text(), f"    return {self.result(body)}"])
        imports = [f"import {module}" for module in sorted(STANDARD) if module in quotes.imports]
        imports += ["" for _ in imports[:1]] + ["import numpy as np"]
        imports += ["from scipy import special"] if "special" in quotes.imports else []
        return "\n\n\n".join(["\n".join(imports), *quotes.definitions.values(), function]) + "\n"

    def names(self, quotes: Quotes) -> dict[int, str]:
        """The text of each argument of the program, by the id of its value."""
        body = Body.__new__(Body)
        body.taken, body.quotes = {"np", "special", "math", self.name}, quotes
        roots: dict[str, str] = {}
        names: dict[int, str] = {}
        for value, leaf in zip(self.program.inputs, self.call.leaves, strict=False):
            root = leaf.path[: min((leaf.path.find(c) for c in "[." if c in leaf.path), default=len(leaf.path))]
            roots[root] = roots.get(root) or body.identifier(root)
            names[id(value)] = roots[root] + leaf.path[len(root) :]
        own = names_of_variables(self.f) | {id(parameter): key for key, parameter in self.by_name.items()}
        for value in [*self.program.inputs[len(self.call.leaves) :], *self.program.captured]:
            wish = own.get(id(value.data)) or value.name or (locate(value.place).name if locate(value.place) else None) or "array"  # type: ignore[union-attr]
            names[id(value)] = body.identifier(wish)
        return names

    def signature(self, names: dict[int, str]) -> list[str]:
        paths = [names[id(v)] for v in [*self.program.inputs, *self.program.captured]]
        return list(dict.fromkeys(root_of(path) for path in paths))

    def result(self, body: Body) -> str:
        value, *slopes = [body.output(v) for v in self.program.outputs]
        shown = printed(self.call.gradients(slopes[: len(slopes) - len(self.parameters)])) if self.call.wrt else ""
        rest = slopes[len(slopes) - len(self.parameters) :] if self.parameters else []
        if rest:
            shown = rest[0] if len(rest) == 1 else f"({', '.join(rest)})"
        if self.by_name:
            shown = printed(dict(zip(self.by_name, rest, strict=True)))
        return f"{value}, {shown}"

    def document(self, names: dict[int, str]) -> str:
        wanted = [names[id(v)] for v, leaf in zip(self.program.inputs, self.call.leaves, strict=False) if leaf.wanted]
        wanted += [names[id(v)] for v in self.program.inputs[len(self.call.leaves) :]]
        what = (
            "The value"
            if not self.title.isidentifier()
            else f"{self.title}({', '.join(dict.fromkeys(self.call.names.values()))})"
        )
        told = f"{what}, and its gradient with respect to {listed(wanted)}"
        return f"{told}; {self.validity()}.".replace("\\", "/").replace('"', "'")  # nothing that ends a docstring

    def validity(self) -> str:
        fixed = self.fixed_axes()
        if not fixed:
            return "for arrays of any sizes that fit together"
        axes = sum(v.ndim for v in self.program.inputs)
        return "for the sizes that it checks" + (", and any others that fit together" if len(fixed) < axes else "")

    def fixed_axes(self) -> set[tuple[int, int]]:
        free = {axis for family in self.free for axis in family.axes}
        return {(k, axis) for k, v in enumerate(self.program.inputs) for axis in range(v.ndim)} - free

    def checks(self, names: dict[int, str]) -> list[str]:
        """Statements that refuse arguments of shapes that the text is not for."""
        fixed = self.fixed_axes()
        found, expected = [], []
        for k, value in enumerate(self.program.inputs):
            axes = [axis for axis in range(value.ndim) if (k, axis) in fixed]
            if axes and len(axes) == value.ndim:
                found.append(f"{names[id(value)]}.shape")
                expected.append(str(value.shape))
            else:
                found += [f"{names[id(value)]}.shape[{axis}]" for axis in axes]
                expected += [str(value.shape[axis]) for axis in axes]
        if not found:
            return []
        left, right = (f"({', '.join(part)})" if len(part) > 1 else part[0] for part in (found, expected))
        return [f"    if {left} != {right}:", f'        raise ValueError("{self.name} was written for other shapes")']

    def proof(self) -> str:
        """A block that compares the gradient with differences along random directions."""
        names = self.names(Quotes())
        arrays = dict(zip(self.signature(names), self.arrays(), strict=True))
        texts = {name: printed(tree_map(leaf_text, tree)) for name, tree in arrays.items()}
        outside = [names[id(v)] for v in self.program.inputs[len(self.call.leaves) :]]
        keys: list[Any] = list(self.by_name) or list(range(len(outside)))
        several = len(keys) > 1 or bool(self.by_name)
        pairs = [(path, f"gradient[{key!r}]" if several else "gradient") for path, key in zip(outside, keys, strict=True)]
        roots = [root_of(names[id(v)]) for v in self.program.inputs[: len(self.call.leaves)]]
        order = [self.call.names[where] for where in self.call.wrt]
        for value, leaf, root in zip(self.program.inputs, self.call.leaves, roots, strict=False):
            if leaf.wanted:
                own = root_of(leaf.path)
                slope = "gradient" if self.call.single else f"gradient[{order.index(own)}]"
                pairs.append((names[id(value)], slope + names[id(value)][len(root) :]))
        single = any(v.dtype in (np.float32, np.complex64, np.float16) for v in self.program.inputs)
        return proof(self.name, texts, pairs, single=single)


def leaf_text(leaf: Any) -> str:
    return array_text(leaf) if isinstance(leaf, (np.ndarray, np.generic)) else repr(leaf)


def close(found: Any, expected: Any) -> bool:
    """Whether two results are equal but for rounding: 16 digits of the largest entry, of single precision 7."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if not np.all(np.isfinite(expected)):
        return bool(np.array_equal(found, expected, equal_nan=True))
    scale = np.max(np.absolute(expected), initial=0)
    return bool(np.max(np.absolute(found - expected), initial=0) <= 100 * np.finfo(expected.dtype).eps * scale)


def names_of_variables(f: Callable[..., Any]) -> dict[int, str]:
    """id of what the function's module and the functions around it call by a name -> this name."""
    code = getattr(f, "__code__", None)
    if code is None:
        return {}
    cells = dict(zip(code.co_freevars, (cell.cell_contents for cell in f.__closure__ or ()), strict=True))
    found = {name: f.__globals__[name] for name in code.co_names if name in f.__globals__} | cells
    return {id(value): name for name, value in found.items()}


def root_of(text: str) -> str:
    return text[: min((text.find(c) for c in "[." if c in text), default=len(text))]


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"


def printed(tree: Any) -> str:
    """A tree of texts as a display of Python; what is no dictionary, list or tuple as a dictionary by field."""
    if isinstance(tree, str) or tree is None:
        return str(tree)
    if isinstance(tree, dict):
        return f"{{{', '.join(f'{key!r}: {printed(part)}' for key, part in tree.items())}}}"
    if isinstance(tree, list):
        return f"[{', '.join(map(printed, tree))}]"
    if isinstance(tree, tuple) and not hasattr(tree, "_fields"):
        return f"({', '.join(map(printed, tree))}{',' * (len(tree) == 1)})"
    fields = tree._fields if hasattr(tree, "_fields") else tree.__dataclass_fields__
    return f"{{{', '.join(f'{name!r}: {printed(getattr(tree, name))}' for name in fields)}}}"
