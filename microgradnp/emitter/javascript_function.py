"""A function and its gradient as JavaScript: loops over typed arrays, which need no library."""

from __future__ import annotations

import ast
import json
from typing import Any

from microgradnp.emitter.javascript_body import Body
from microgradnp.emitter.proof import close
from microgradnp.emitter.question import Asked, Question
from microgradnp.emitter.sizes import Sizes
from microgradnp.emitter.source import Source, root_of
from microgradnp.loops.javascript import needed_helpers, statements
from microgradnp.loops.lowered import lowered
from microgradnp.program.calls import trace
from microgradnp.program.constants import constants_of, make_constants
from microgradnp.program.passes import simplify
from microgradnp.program.values import Program

LARGEST_CONSTANT = 10_000  # entries


def javascript_source(asked: Asked, name: str) -> str:
    """The function of a question as JavaScript. Raises NotJavaScript for an operation that has none."""
    question = asked.question
    source = Source(question, traced_program(asked), Sizes(), name)
    paths = source.names()
    values = [*source.program.inputs, *source.program.captured]
    body = Body(source.program, [(v, paths[id(v)]) for v in values], "emit", taken=name)
    lines, parameters = unpacked([paths[id(v)] for v in values], body)
    sizes = [(given, v) for given, v in zip(body.names, values, strict=True) if v.shape != ()]
    lines += [f'whole_({given}, {v.size}, "{given}")' for given, v in sizes]
    lines += [*body.checks(), *body.buffers(), *body.prepare, *body.lines, f"return {result_of(question, body)}"]
    function = [f"function {name}({', '.join(parameters)}) {{", *(f"  {line}" for line in lines), "}"]
    comment = [f"// {source.document(paths)}".replace("; for the sizes that it checks", "")]
    if sizes:
        comment.append(f"// Arrays are Float64Arrays, row after row: {', '.join(f'{given} {v.shape}' for given, v in sizes)}.")
    text = "\n".join([*comment, *statements(function)])
    return "\n\n".join([*needed_helpers(text), text]) + "\n"


def traced_program(asked: Asked) -> Program:
    """The simplified program of a call. Two traces tell which arrays the function makes itself.

    Raises ValueError when it does not return what the graph does, or makes an array that is too large to be written down.
    """
    question = asked.question

    def traced() -> Program:
        call, known = question.call, question.parameters
        found = trace(call.f, call.variables, unguarded=False, expansions=lowered(), parameters=known)
        return found.program(unguarded=False)

    first, again = traced(), traced()
    program = simplify(make_constants(first, again, f"emit: {question.title}"))
    answer = asked.evaluation.answer(question.parameters)
    if not all(map(close, first.numbers, [answer.value, *answer.gradients])):
        raise ValueError(f"emit: the trace of {question.title} does not return what its graph does; does it draw random numbers?")
    for value in constants_of(program):
        if value.size > LARGEST_CONSTANT:
            raise ValueError(
                f"emit: {question.title} makes a constant array {value.shape}, too large to be written down; make it outside, "
                "and pass it as an argument"
            )
    return program


def unpacked(paths: list[str], body: Body) -> tuple[list[str], list[str]]:
    """The statements that take arrays out of trees, and the parameters of the function."""
    roots = {path: given for path, given in zip(paths, body.names, strict=True) if path == root_of(path)}
    parameters = {root: roots.get(root) or body.space.local(root) for root in map(root_of, paths)}
    inner = [(path, given) for path, given in zip(paths, body.names, strict=True) if path != root_of(path)]
    return [f"const {given} = {path_of(path, parameters)}" for path, given in inner], [*parameters.values()]


def path_of(path: str, roots: dict[str, str]) -> str:
    """`p["W"][0]` for the path of an array in a tree."""

    def written(node: ast.expr) -> str:
        if isinstance(node, ast.Attribute):
            return f"{written(node.value)}.{node.attr}"
        if isinstance(node, ast.Subscript):
            return f"{written(node.value)}[{json.dumps(ast.literal_eval(node.slice))}]"
        return roots[ast.unparse(node)]

    return written(ast.parse(path, mode="eval").body)


def result_of(question: Question, body: Body) -> str:
    """The expression that is returned: [value, gradient]."""
    value, *slopes = body.results
    count = len(slopes) - len(question.parameters)
    if question.keys:
        return f"[{value}, {displayed(dict(zip(question.keys, slopes[count:], strict=True)))}]"
    if question.parameters:
        return f"[{value}, {slopes[count] if len(question.parameters) == 1 else displayed(slopes[count:])}]"
    return f"[{value}, {displayed(question.call.gradients(slopes))}]"


def displayed(tree: Any) -> str:
    """A tree of texts as an expression. Dicts, named tuples and dataclasses become objects, lists and tuples arrays."""
    if isinstance(tree, str) or tree is None:
        return "null" if tree is None else tree
    if isinstance(tree, (list, tuple)) and not hasattr(tree, "_fields"):
        return f"[{', '.join(map(displayed, tree))}]"
    fields = tree.keys() if isinstance(tree, dict) else getattr(tree, "_fields", getattr(tree, "__dataclass_fields__", ()))
    parts = {key: tree[key] if isinstance(tree, dict) else getattr(tree, key) for key in fields}
    return f"{{ {', '.join(f'{json.dumps(key)}: {displayed(part)}' for key, part in parts.items())} }}"
