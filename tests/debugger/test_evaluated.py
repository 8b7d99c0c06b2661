"""An expression is evaluated among the variables of a statement. What it reads stays as it was for the next one."""

import numpy as np
import pytest

from microgradnp.debugger.derive.scene import Instance, Snapshot
from microgradnp.debugger.derive.stage import changing_names
from microgradnp.debugger.record.nodes import Group


class Base:
    def kept(self, x):
        self.x = x
        return x


class Layer(Base):
    @property
    def count(self):
        self.seen = True
        return 1


class Called:
    def __call__(self, x):
        self.x = x
        return x


def helper(items):
    items.append(1)
    return items


def snapshot(**names):
    return Snapshot(None, 0, None, names, {"np": np, "helper": helper, "rate": 0.1})


@pytest.mark.parametrize("text", ["kept", "count", "helper", "append", "act", "layer"])
def test_what_may_change_an_object_gets_copies(text):
    """A method of a base class of an object inside of another, a property, what is held as a function, what is called."""
    inner = Instance(Layer, {"W": 1.0})
    net = Instance(Called, {"layers": Group(list, (inner,)), "act": helper, "layer": Instance(Called, {})})
    assert text in changing_names(snapshot(self=net, x=1.0))


def test_what_only_reads_does_not():
    net = Instance(Layer, {"W": 1.0})
    assert {"self", "W", "x", "np", "dot", "T", "rate", "sum"}.isdisjoint(changing_names(snapshot(self=net, x=1.0)))
