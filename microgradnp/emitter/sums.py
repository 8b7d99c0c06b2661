"""Running sums of a backward pass: the gradient of a weight, to which each time step adds a share."""

from __future__ import annotations

import collections

import numpy as np

from microgradnp.core.graph import topological_order
from microgradnp.emitter.repeats import FEWEST
from microgradnp.program.values import Program, Value, operands


def running_sums(program: Program) -> dict[int, str]:
    """id of each partial sum of a long sum -> a name like that of the whole sum."""
    steps = program.steps()
    readers = readers_of(steps)

    def goes_on(value: Value) -> bool:
        """Whether a sum is but a part of a longer one."""
        read = readers[id(value)]
        return len(read) == 1 and is_sum(read[0]) and read[0].shape == value.shape and read[0].args[0] is value

    found: dict[int, str] = {}
    for last in steps:
        chain = []
        value = last.args[0] if is_sum(last) and not goes_on(last) else None
        while isinstance(value, Value) and value.function is not None and goes_on(value):
            chain.append(value)
            value = value.args[0] if is_sum(value) else None
        if len(chain) >= FEWEST:
            found |= {id(v): f"{last.name or 'd'}_sum" for v in chain}
    return found


def is_sum(value: Value) -> bool:
    return value.function is np.add and value.backward and value.shape != ()


def readers_of(steps: list[Value]) -> dict[int, list[Value]]:
    """id of each value -> the steps that read it."""
    readers: dict[int, list[Value]] = collections.defaultdict(list)
    for step in steps:
        for v in operands(step):
            readers[id(v)].append(step)
    return readers


def early_sums(program: Program, sums: dict[int, str]) -> list[Value]:
    """The steps of a program, ordered so that those of one time step stand together.

    The longest chain of the backward pass sets the order, and each step before it is computed when the chain needs it. A share is
    added to its sum as soon as it is known.
    """
    forward = [v for v in topological_order(program.outputs[:1], operands) if v.function is not None]
    done = {id(v) for v in forward}
    steps = program.steps()
    readers = readers_of(steps)
    depth: dict[int, int] = collections.defaultdict(int)  # steps on the longest way from an argument
    for step in steps:
        depth[id(step)] = 1 + max((depth[id(v)] for v in operands(step)), default=0)
    deepest_first = topological_order(
        sorted(program.outputs, key=lambda v: -depth[id(v)]), lambda v: sorted(operands(v), key=lambda o: -depth[id(o)])
    )
    aside = {*sums, *(id(v) for v in program.outputs)}
    for _ in range(2):  # a share, and what only it reads
        aside |= {id(v) for v in steps if readers[id(v)] and all(id(r) in aside for r in readers[id(v)])}
    order = [*forward]

    def is_ready(value: Value) -> bool:
        if value.function is None or id(value) in done:
            return True
        return id(value) in aside and id(value) not in sums and all(map(is_ready, operands(value)))

    def add(step: Value) -> None:
        """Add a step, what it still needs, and what is ready then and stands aside."""
        todo = [step]
        while todo:
            missing = topological_order([todo.pop()], lambda v: [o for o in operands(v) if id(o) not in done])
            for found in (v for v in missing if v.function is not None and id(v) not in done):
                order.append(found)
                done.add(id(found))
                ready = [r for r in readers[id(found)] if id(r) in aside and all(map(is_ready, operands(r)))]
                todo += reversed(ready)

    for step in deepest_first:
        if step.function is not None and id(step) not in done:
            add(step)
    return order
