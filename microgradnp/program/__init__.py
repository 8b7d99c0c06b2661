"""A function and its gradient as a program: the graph of one call, forward and backward, as a list of steps."""

from microgradnp.program.calls import trace
from microgradnp.program.passes import simplify
from microgradnp.program.tracer import Trace
from microgradnp.program.values import Program, Value, operands_in, substituted

__all__ = ["Program", "Trace", "Value", "operands_in", "simplify", "substituted", "trace"]
