"""Find the user's names for the values of a graph.

The name of a value is, in this order: the Tensor's own name; the caller's variable, list or dictionary entry that holds it; the
variable that the result was assigned to; the source text of the operand or of the expression. A name that would mislead is left
out: one line of the user may call a module or a library function that records several results, and its text names the last one
only.
"""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.origin import locate, names_in_frame, operands
from microgradnp.core.signatures import name_of

LONGEST_CONTAINER = 1000  # items; longer lists and dictionaries are not searched


def names_from(frame: Any) -> dict[int, str]:
    """Names, by id, of the arrays and Tensors in a frame's variables, and in the lists and dictionaries among them."""
    direct = names_in_frame(frame)
    found: dict[int, str] = {}
    for variables in (frame.f_globals, frame.f_locals):
        for variable, container in list(variables.items()):
            if direct.get(id(container)) != variable or not isinstance(container, (dict, list, tuple)):
                continue
            if len(container) <= LONGEST_CONTAINER:
                items = container.items() if isinstance(container, dict) else enumerate(container)
                found.update({id(value): f"{variable}[{key!r}]" for key, value in items if has_shape(value)})
    return found | direct


def has_shape(value: Any) -> bool:
    """Whether a value is an array or a Tensor."""
    return isinstance(value, np.ndarray) or graph.is_node(value)


def name_boxes(values: list[Any], uses: dict[int, tuple[Any, int]], variables: dict[int, str]) -> list[str]:
    """A name for each Tensor and array in `values`; "" where every name would mislead.

    `uses` gives, by the id of a value, a node that has it as an argument, and the argument's position. Names that a loop gave to
    several values are numbered.
    """
    answers = last_at_their_place(values)
    given, found = [], []
    for value in values:
        name = getattr(value, "name", None)
        given.append(str(name) if name else None)
        found.append(
            variables.get(id(value))
            or assigned(value, answers)
            or operand(uses.get(id(value)), answers)
            or text_of(value, answers)
        )
    shared = collections.Counter(name for explicit, name in zip(given, found, strict=True) if explicit is None and name)
    number: collections.Counter[str] = collections.Counter()
    names = []
    for explicit, name in zip(given, found, strict=True):
        if explicit is None and name and shared[name] > 1:
            number[name] += 1
            name = f"{name} #{number[name]}"
        names.append(explicit or name or "")
    return names


def last_at_their_place(values: list[Any]) -> set[int]:
    """The ids of the results that the text of their source line names.

    When one function made all results of an instruction, the instruction ran in a loop, and its text names each of them.
    Otherwise it called something that recorded several steps. Then it names only the results that none of these steps uses.
    """
    made: dict[Any, list[Any]] = collections.defaultdict(list)
    for node in values:
        if getattr(node, "place", None) is not None and node.rule is not None:
            made[id(node.place[0]), node.place[1]].append(node)
    answers: set[int] = set()
    for nodes in made.values():
        if len({(node.rule, node.scope) for node in nodes}) > 1:
            consumed = {id(parent) for node in nodes for parent in graph.parents(node)}
            nodes = [node for node in nodes if id(node) not in consumed]
        answers.update(id(node) for node in nodes)
    return answers


def assigned(value: Any, answers: set[int]) -> str | None:
    """The variable to which a value was assigned when it was made."""
    origin = locate(getattr(value, "place", None))
    is_answer = origin is not None and (value.rule is None or id(value) in answers)
    return origin.name if origin and is_answer else None


def text_of(value: Any, answers: set[int]) -> str | None:
    """The expression whose value a result is."""
    if id(value) not in answers:
        return None
    origin = locate(value.place)
    return (origin.text or None) if origin else None


def operand(use: tuple[Any, int] | None, answers: set[int]) -> str | None:
    """The source text of an argument at its use, if the text shows which argument it is."""
    if use is None or id(use[0]) not in answers:
        return None
    node, position = use
    origin = locate(node.place)
    texts = operands(origin.text, name_of(node.rule.function)) if origin else ()
    return texts[position] if len(texts) == len(node.args) else None


def made_at(node: Any) -> str:
    """Where a node was made, to follow the name of its operation: ` (at model.py:12: np.log(x))`. Empty when unknown."""
    origin = locate(node.place)
    return f" (at {origin}: {origin.text})" if origin else ""
