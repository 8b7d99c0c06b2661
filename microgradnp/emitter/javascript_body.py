"""The statements of a program in JavaScript, and the one message for what has none."""

from __future__ import annotations

import numpy as np

from microgradnp.core.origin import locate
from microgradnp.core.signatures import name_of
from microgradnp.emitter.quoting import public_name
from microgradnp.loops.javascript import JAVASCRIPT, JavaScriptNames, dialect, literal
from microgradnp.loops.loops import Loops
from microgradnp.loops.names import BackendError
from microgradnp.program.values import Program, Value


class NotJavaScript(ValueError):  # noqa: N818 - it names what is not
    """An operation of the program has no JavaScript. The message names it and its line."""


class Body:
    """The statements of a program, and the expression of each of its outputs.

    `given` are the values that the function gets, and wishes for their names; what the program captured beside is printed as
    constants. `in_arrays`: numbers are given and returned as arrays of one entry.
    """

    def __init__(
        self, program: Program, given: list[tuple[Value, str]], who: str, *, in_arrays: bool = False, taken: str = ""
    ) -> None:
        self.given, self.space = [value for value, _ in given], JavaScriptNames()
        self.space.taken |= {*taken.split()}
        self.names = [self.space.local(wish) for _, wish in given]
        texts = {id(v): f"{n}[0]" if in_arrays and v.shape == () else n for v, n in zip(self.given, self.names, strict=True)}
        texts |= {id(v): self.captured(v) for v in program.captured if id(v) not in texts}
        self.outputs: dict[str, Value] = {}
        self.results: list[str] = []
        try:
            self.loops = Loops(program, texts, self.space, dialect(), {id(v) for v in program.inputs})
            for value in program.outputs:
                self.results.append(self.result(value, in_arrays))
            self.constants = {name: literal(array) for name, array in self.space.objects.items()}
        except BackendError as error:
            raise NotJavaScript(f"{who}: {described(error)}") from None
        self.lines, self.prepare = self.loops.body, self.loops.prepare

    def captured(self, value: Value) -> str:
        """The text of an array that is part of the program."""
        array = np.asarray(getattr(value.data, "_array", value.data))
        return JAVASCRIPT.number(array.item()) if array.shape == () else self.space.bind("constant", array)

    def result(self, value: Value, in_arrays: bool) -> str:
        """The expression of an output."""
        if value.shape != ():
            self.loops.at(value, ("0",) * value.ndim)  # names a constant
            text = self.loops.arrays[id(value)]
            is_own = text in self.loops.buffers and text not in self.results
            return text if in_arrays or is_own else f"{text}.slice()"
        if not in_arrays:
            return self.loops.at(value, ())
        for known, name in zip(self.given, self.names, strict=True):
            if known is value:
                return name
        name = self.space.local("number")
        self.outputs[name] = value
        return name

    def buffers(self) -> list[str]:
        """The declarations of the arrays that the statements write to, and of constants."""
        made = [f"const {name} = {text}" for name, text in self.constants.items()]
        made += [f"const {name} = new Float64Array({v.size})" for name, v in self.loops.buffers.items()]
        return [*made, *(f"const {name} = new Float64Array(1)" for name in self.outputs)]

    def checks(self) -> list[str]:
        """Statements that refuse indices out of bounds."""
        return [f"within_({name}, {n})" for name, n in sorted(self.loops.bounded) if name in self.names]

    def numbers(self) -> list[str]:
        """Statements that put results without axes into their arrays."""
        return [f"{name}[0] = {self.loops.at(value, ())}" for name, value in self.outputs.items()]


def described(error: BackendError) -> str:
    """What has no JavaScript, and where it stands."""
    step = error.step
    if step is None or step.function is None:
        return f"{error} has no JavaScript"
    name = public_name(step.function) or name_of(step.function)
    subject = f"the gradient of {step.gradient_of}" if step.gradient_of else name
    reason = "" if str(error) in (name, name_of(step.function)) and subject == name else f" ({error})"
    origin = locate(step.place)
    return f"{subject}{f' at {origin}' if origin else ''} has no JavaScript{reason}"
