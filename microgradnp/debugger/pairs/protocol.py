"""How a pair is called: which results of forward are outputs, and what backward is given.

People write `backward(dout, cache)`, `backward(dout, x, w)`, `backward(cache, dout)`, `backward(dout)` of an object or a closure,
`backward(prediction, target)` of a loss, and functions that return the loss with its gradients. `plans` lists the ways that fit
the signature, the usual ones first. A way counts only if backward runs and its gradients fit the arguments.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.pairs.world import Attribute, Path, Subject, World, argument_names, name_of, plain, written


class Source(NamedTuple):
    """Where a value comes from: ("result", k) of forward, ("argument", k), ("dout", k), or ("attribute", path)."""

    kind: str
    key: Any = None


@dataclass(frozen=True)
class Plan:
    """One way to call a pair. `call` holds the arguments of backward; None where forward returns the gradients itself."""

    outputs: tuple[Source, ...]
    call: tuple[Source, ...] | None
    names: tuple[str, ...] = ()  # what the arguments of backward are called in the report
    function: str = ""
    returned: tuple[Source, ...] = ()  # the parts of the result that are gradients, or a function that returns them

    @property
    def seeded(self) -> bool:
        """Whether backward is given the gradient of the loss with respect to the output."""
        return self.call is not None and any(source.kind == "dout" for source in self.call)

    def __str__(self) -> str:
        return f"{self.function}({', '.join(self.names)})" if self.call is not None else f"{self.function}, which returns both"


class Returned(NamedTuple):
    """An array that the pair returned, by its position or key."""

    label: Any
    array: np.ndarray


def take(source: Source, result: Any, world: World, douts: list[np.ndarray]) -> Any:
    """The value of a source in a run."""
    if source.kind == "result":
        return result if source.key is None else result[source.key]
    if source.kind == "argument":
        return world.args[source.key]
    if source.kind == "attribute":
        return world.at(source.key)
    return douts[source.key].copy() if douts[source.key].ndim else douts[source.key][()]


# ------------------------------------------------------------------------------------------------- outputs


def is_output(value: Any) -> bool:
    """Whether it is an array of floating-point numbers, or one such number."""
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 0
    )


def attributes_written(before: dict[Path, np.ndarray], world: World) -> list[Path]:
    """The arrays of the object that are new or have other numbers than before."""
    after = world.arrays()
    return [p for p, value in after.items() if p not in before or not np.array_equal(before[p], value, equal_nan=True)]


def outputs_of(
    result: Any, before: dict[Path, np.ndarray], world: World, wanted: str | None
) -> Iterator[tuple[tuple[Source, ...], tuple[Source, ...]]]:
    """(outputs, the rest of the result): each way to tell them apart, the usual first."""
    if wanted is not None:
        yield (Source("attribute", attribute_path(wanted)),), ()
    elif result is None:
        found = attributes_written(before, world)
        usual = [p for p in found if len(p) == 2 and str(p[1].name).strip("_").lower() in ("output", "outputs", "out")]
        own = [p for p in found if not any(world.at(p) is value for value in world.args)]
        for path in usual or (own if len(own) == 1 else []):
            yield (Source("attribute", path),), ()
    elif is_output(result):
        yield (Source("result"),), ()
    elif isinstance(result, (tuple, list)):
        parts = [Source("result", k) for k in range(len(result))]
        leading = next((k for k, part in enumerate(result) if not is_output(part)), len(result))
        counts = [c for c in (len(parts) - 1, *range(len(parts) - 2, 0, -1), len(parts)) if 0 < c <= leading]
        for count in counts:
            yield tuple(parts[:count]), tuple(parts[count:])


def attribute_path(text: str) -> Path:
    """`out` or `cache.out` -> the path of an attribute."""
    return ("self", *(Attribute(name) for name in text.split(".")))


# ------------------------------------------------------------------------------------------------- calls


def plans(subject: Subject, result: Any, before: dict[Path, np.ndarray], world: World, wanted: str | None) -> Iterator[Plan]:
    """Every way to call the pair that its signatures allow, the usual first."""
    if subject.backward is None:
        yield from plans_of_one(subject, result)
        return
    seen = set()
    least, most, takes = arity(subject.backward)
    for outputs, rest in outputs_of(result, before, world, wanted):
        named = result_names(subject.forward)
        for call in arrangements(subject, outputs, rest, takes, named):
            if least <= len(call) <= most and (outputs, call) not in seen:
                seen.add((outputs, call))
                names = tuple(described(source, subject, named, outputs) for source in call)
                yield Plan(outputs, call, names, name_of(subject.backward))


def arity(function: Callable[..., Any]) -> tuple[int, int, list[str]]:
    """(least, most, names) of the positional arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return 1, 9, []
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    most = 99 if any(p.kind == p.VAR_POSITIONAL for p in parameters) else len(places)
    return sum(p.default is p.empty for p in places), most, [p.name for p in places if p.default is p.empty]


def arrangements(
    subject: Subject, outputs: tuple[Source, ...], rest: tuple[Source, ...], takes: list[str], named: list[str]
) -> Iterator[tuple[Source, ...]]:
    """The arguments that backward may want, in the orders that are in use."""
    douts = tuple(Source("dout", k) for k in range(len(outputs)))
    inputs = tuple(Source("argument", k) for k in range(len(subject.args)))
    known = {name: Source("result", k) for k, name in enumerate(named)}
    known |= {name: inputs[k] for k, name in enumerate(argument_names(subject.forward)[: len(inputs)])}
    sources = [known.get(name) for name in takes]
    if len(takes) > 1 and sources.count(None) == len(douts) and any(sources):
        fresh = iter(douts)
        yield tuple(source if source is not None else next(fresh) for source in sources)
    yield from (douts + rest, douts) if rest else (douts,)
    yield from (
        douts + inputs,
        douts + outputs,
        douts + inputs + outputs,
        douts + outputs + inputs,
        douts + inputs + rest,
        douts + rest + inputs,
    )
    yield from (douts + inputs[:k] for k in range(len(inputs) - 1, 0, -1))
    yield from (douts + inputs[k:] for k in range(1, len(inputs)))
    yield from (rest + douts, inputs + douts, outputs + douts, inputs + rest + douts)
    yield from (inputs[:k] + douts for k in range(len(inputs) - 1, 0, -1))
    if rest:
        yield rest
    yield from ((), inputs, outputs, outputs + inputs[1:], inputs + outputs, inputs + rest)
    yield from (inputs[:k] for k in range(len(inputs) - 1, 0, -1))


def plans_of_one(subject: Subject, result: Any) -> Iterator[Plan]:
    """The ways to read what one function returns: an output and a function, or a loss and its gradients."""
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        return
    parts = [Source("result", k) for k in range(len(result))]
    name = name_of(subject.forward)
    functions = [part for part, value in zip(parts, result, strict=True) if callable(value)]
    if len(functions) == 1:
        outputs = tuple(part for part, value in zip(parts, result, strict=True) if is_output(value))
        douts = tuple(Source("dout", k) for k in range(len(outputs)))
        for count in dict.fromkeys((len(douts), 1)):
            yield Plan(outputs[:count], douts[:count], ("dout",) * count, name_of(result[functions[0].key]), (functions[0],))
        return
    numbers = [part for part in parts if is_output(result[part.key]) and np.ndim(result[part.key]) == 0]
    for part in numbers:
        yield Plan((part,), None, (), name, tuple(other for other in parts if other != part))


def described(source: Source, subject: Subject, named: list[str], outputs: tuple[Source, ...]) -> str:
    """What an argument of backward is called in the report."""
    if source.kind == "dout":
        output = outputs[source.key]
        several = len(outputs) > 1
        if output.kind == "result" and output.key is not None and output.key < len(named):
            return f"d{named[output.key]}"
        return f"dout{source.key + 1}" if several else "dout"
    if source.kind == "argument":
        return written(("args", source.key), subject.forward)
    if source.kind == "attribute":
        return written(source.key, subject.forward)
    if source.key is not None and source.key < len(named):
        return named[source.key]
    return "out" if source in outputs else "cache" if source.key in (None, 1) else f"result {source.key + 1}"


def result_names(function: Callable[..., Any]) -> list[str]:
    """The names in `return out, cache`; empty where the results have no names."""
    found = {
        tuple(e.id if isinstance(e, ast.Name) else "" for e in value.elts)
        for value in returns_of(function)
        if isinstance(value, ast.Tuple)
    }
    names = list(found.pop()) if len(found) == 1 else []
    return names if all(names) else []


def returns_of(function: Callable[..., Any]) -> list[ast.expr]:
    """The expressions that a function returns, from its source."""
    code = getattr(plain(function), "__code__", None)
    source = source_of(code.co_filename) if code is not None else None
    if code is None or source is None:
        return []
    for node in ast.walk(source.tree):
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) if isinstance(node, ast.FunctionDef) else 0
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name and first == code.co_firstlineno:
            return [inner.value for inner in own_statements(node) if isinstance(inner, ast.Return) and inner.value is not None]
    return []


def own_statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function without those of the functions inside it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            todo += list(ast.iter_child_nodes(node))
