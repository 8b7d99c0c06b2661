"""What a backend makes of a program."""

from __future__ import annotations

from dataclasses import dataclass, field

from microgradnp.compiler.namespace import Namespace


@dataclass
class Code:
    """The body of a Python function that computes the outputs of a program."""

    lines: list[str]
    results: list[str]  # an expression for each output
    names: dict[int, str]  # the variable of each argument, by the id of its value
    namespace: Namespace  # the objects that the lines refer to
    source: str = ""  # of the compiled functions that the lines call
    bytes: int = 0  # memory of its buffers
    stay_numpy: list[str] = field(default_factory=list)  # the steps that the backend leaves to NumPy
