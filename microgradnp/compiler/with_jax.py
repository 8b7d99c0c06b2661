"""The JAX backend: the steps with `jax.numpy` in place of `np`, compiled by XLA, in the precision of the arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.compiler.code import Code
from microgradnp.compiler.namespace import Namespace, needs, within
from microgradnp.emitter.expressions import Expressions
from microgradnp.emitter.literals import Text
from microgradnp.emitter.quoting import public_name
from microgradnp.loops.names import BackendError
from microgradnp.program.values import Program, Value, index_parts, operands
from microgradnp.rules.functional import append_bias_unit
from microgradnp.rules.indexing import scatter


class JaxNames(Namespace):
    """Names in a text for XLA: `np` is `jax.numpy`."""

    def __init__(self, jnp: Any, barrier: Callable[[Any], Any]) -> None:
        super().__init__()
        self.jnp, self.barrier = jnp, barrier
        self.objects["np"] = jnp

    def name(self, function: Callable[..., Any], wish: str | None = None) -> str:
        """Raises BackendError for a function that `jax.numpy` does not have."""
        shown = public_name(function)
        found: Any = self.jnp if shown is not None and shown.startswith("np.") else None
        for part in (shown or "").split(".")[1:]:
            found = getattr(found, part, None)
        if shown is None or found is None:
            raise BackendError(wish or getattr(function, "__name__", str(function)))
        return shown

    def spelled(self, function: Callable[..., Any], text: str) -> str:  # noqa: ARG002
        return self.name(function)


class JaxText:
    """The lines of a program, one statement for each step."""

    def __init__(self, program: Program, names: dict[int, str], space: JaxNames) -> None:
        self.texts, self.space = dict(names), space
        self.expressions = Expressions(self.operand, space, lambda *_: None)
        self.bounded: set[tuple[str, int]] = set()  # arrays of indices, and the length of the axis that they index
        self.lines: list[str] = []
        compared = {id(v) for step in program.steps() if step.function is np.equal for v in operands(step)}
        for value in program.steps():
            text = self.expression(value)
            if id(value) in compared:  # XLA may compute a value once more, with another rounding: it would not equal itself
                text = f"{space.bind_once('barrier', space.barrier)}({text})"
            self.texts[id(value)] = space.local(value.name or "v")
            self.lines.append(f"{self.texts[id(value)]} = {text}")
        self.results = [self.result(v) for v in program.outputs]

    def operand(self, value: Value) -> Text:
        """The name of a value. A constant is bound to one when it is first used."""
        if id(value) not in self.texts:
            self.texts[id(value)] = self.space.bind("constant", value.data)
        return Text(self.texts[id(value)])

    def note_indices(self, shape: tuple[int, ...], index: Any) -> None:
        """Remember the arrays of indices that must be within an axis: XLA does not check them, and takes the last entry."""
        for part, axis in index_parts(index, len(shape)):
            if isinstance(part, Value) and part.function is None and part.dtype.kind in "iu" and id(part) in self.texts:
                self.bounded.add((self.texts[id(part)], shape[axis or 0]))

    def expression(self, value: Value) -> str:
        """The expression of one step."""
        if value.function is operator.getitem:
            self.note_indices(value.args[0].shape, value.args[1])
        if value.function is append_bias_unit:
            h, bias = self.operand(value.args[0]).text, value.options.get("value", -1.0)
            return f"np.concatenate([{h}, np.full({(*value.shape[:-1], 1)}, {bias!r}, {h}.dtype)], axis=-1)"
        if value.function is scatter:
            g, a, _ = (self.expressions.literal(value, ("args", k), item) for k, item in enumerate(value.args))
            return f"np.zeros_like({a}, dtype={self.expressions.dtype(value.dtype)}).at[{self.index(value)}].add({g})"
        return self.expressions.expression(value).text

    def index(self, value: Value) -> str:
        """An index as it may stand between brackets."""
        index = value.args[2]
        parts = index if isinstance(index, tuple) else (index,)
        shown = Value(value.shape, value.dtype, np.take, (value.args[0], parts))  # slices as slice(...): inside of brackets too
        return self.expressions.literal(shown, ("args", 1), parts)

    def result(self, value: Value) -> str:
        """The expression of an output. A known number is written out with its dtype."""
        if value.is_number:
            return self.expressions.typed(value, self.expressions.plain(value.data.item()), strict=True)
        return self.operand(value).text


def jax_code(program: Program, names: dict[int, str], space: Namespace, options: Mapping[str, Any]) -> Code:
    """The lines that call the function that XLA compiled. Raises BackendError for a step that JAX does not have."""
    needs("jax", "jax")
    import jax

    try:
        from jax import enable_x64
    except ImportError:  # before 0.8
        from jax.experimental import enable_x64

    jax_names = JaxNames(jax.numpy, jax.lax.optimization_barrier)
    jax_names.taken |= space.taken
    given = [v for v in [*program.inputs, *program.captured] if id(v) in names]
    arguments = ", ".join(names[id(v)] for v in given)
    with enable_x64(True):
        text = JaxText(program, {id(v): names[id(v)] for v in given}, jax_names)
        body = [*text.lines, f"return ({', '.join(text.results)},)"]
        source = "\n".join([f"def kernel({arguments}):", *(f"    {line}" for line in body), ""])
        exec(compile(source, "<compiled for jax>", "exec"), jax_names.objects)
        compiled = jax.jit(jax_names.objects["kernel"])
        try:
            jax.eval_shape(compiled, *(np.empty(v.shape, v.dtype) for v in given))
        except Exception as error:  # whatever JAX raises for functions that it cannot trace, or keywords that it does not know
            raise BackendError(f"it ({type(error).__name__}: {str(error).splitlines()[0]})") from None
    shardings = sharding_of_each(options.get("sharding"), len(given))

    def run(*arrays: Any) -> list[Any]:
        with enable_x64(True):
            if shardings is not None:
                arrays = tuple(a if s is None else jax.device_put(a, s) for a, s in zip(arrays, shardings, strict=True))
            return [np.asarray(found) for found in compiled(*arrays)]

    checks = [f"{space.bind_once('within', within)}({name}, {n})" for name, n in sorted(text.bounded)]
    lines = [*checks, f"found = {space.bind('kernel', run)}({arguments})"]
    copied = "" if options["reuse"] else ".copy()"
    results = [f"found[{k}]{copied if v.shape else '[()]'}" for k, v in enumerate(program.outputs)]
    return Code(lines, results, names, space, f"\n\n{source}")


def sharding_of_each(sharding: Any, count: int) -> list[Any] | None:
    """A sharding or None for each array of the program. Arrays without one stay where they are."""
    if sharding is None:
        return None
    chosen = list(sharding) if isinstance(sharding, (list, tuple)) else [sharding]
    if len(chosen) > count:
        raise ValueError(f"compile: sharding has {len(chosen)} entries for {count} arrays")
    return chosen + [None] * (count - len(chosen))
