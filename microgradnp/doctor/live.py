"""The doctor beside a running training: `fit(..., doctor=True)`. It looks seldom, and tells each exact fault once, in one line.

A look costs about a step. The next one comes when all looks together have taken less than a hundredth of the training's time.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.graph import walk
from microgradnp.core.tensor import Tensor
from microgradnp.doctor.lookouts import CHECKS, Seen
from microgradnp.inspection.names import made_at
from microgradnp.inspection.nans import debug_nans, entry, first_index, first_of, names_of
from microgradnp.optim import Optimizer

SHARE = 0.01  # of the processor time of the training
FIRST = 50  # the earliest step of a look
ROWS = 256  # that a look takes where no graph is at hand


class Watch:
    """Looks at a training, and says what is wrong. A context manager: it also explains the error that ends the training.

    `loss` wraps the user's loss, so that a look takes the graph of a step that runs anyway.
    """

    def __init__(
        self, loss: Callable[..., Any], optimizer: Optimizer, clip: tuple[float | None, float | None], data: Sequence[Any] = ()
    ) -> None:
        self.seen = Seen(optimizer, *clip)
        self.model, self.data = loss, data
        self.batch: tuple[Any, ...] = ()
        self.told: list[str] = []
        self.kinds: set[str] = set()
        self.began, self.spent, self.last, self.next = time.process_time(), 0.0, 0.0, FIRST
        self.is_due, self.has_graph = False, False

    def loss(self, *batch: Any) -> Any:
        """The user's loss. Where a look is due, its graph is looked at."""
        value = self.model(*batch)
        self.batch = batch
        self.has_graph = True
        if self.is_due and isinstance(value, Tensor) and not is_foreign(value._array):
            began = time.process_time()
            self.is_due = False
            with contextlib.suppress(Exception):  # a look never ends a training
                self.seen.graph(walk(value), len(batch[0]) if batch and batch[0].ndim else 0)
            self.look_ended(began)
        return value

    def after(self, advance: Callable[[Any], None]) -> Callable[[Any], None]:
        """What is called after each step, or each stretch of steps: `advance`, and a look where one is due."""

        def both(result: Any) -> None:
            advance(result)
            if result.iterations >= self.next:
                self.step(result)

        return both

    def step(self, result: Any) -> None:
        """Look, if there is time."""
        now = time.process_time()
        elapsed, iteration = now - self.began, result.iterations
        self.next = iteration + 1 + iteration // 16
        if self.spent + (self.last or elapsed / iteration) > SHARE * elapsed:
            return
        self.is_due = self.has_graph
        with contextlib.suppress(Exception):
            if not self.has_graph and self.data:
                self.look_at_some_rows()
            self.ask(result)
        self.look_ended(now)

    def look_at_some_rows(self) -> None:
        """Evaluate the loss on the next rows of the data: a compiled step has no graph."""
        arrays = [a.numpy() if isinstance(a, Tensor) else np.asarray(a) for a in self.data]
        begin = self.seen.rows % len(arrays[0])
        rows = slice(begin, begin + ROWS)
        with np.errstate(all="ignore"):
            value = self.model(*(Tensor(a[rows]) for a in arrays))
        if isinstance(value, Tensor):
            self.seen.graph(walk(value), len(arrays[0][rows]))

    def look_ended(self, began: float) -> None:
        """Count what a look has cost."""
        self.last = time.process_time() - began
        self.spent += self.last

    def ask(self, result: Any) -> None:
        """Ask all checks that have not spoken yet."""
        for check in CHECKS:
            if check.__name__ not in self.kinds and (line := check(self.seen, result.history, result.iterations)):
                self.kinds.add(check.__name__)
                self.tell(line, result)

    def tell(self, line: str, result: Any) -> None:
        """Write one line to stderr, and into the result."""
        result.doctor.append(line)
        print(f"doctor: {line}", file=sys.stderr)  # noqa: T201

    def failed(self, error: FloatingPointError) -> None:
        """Say in one line why the training ended with a number that is not finite."""
        result = getattr(error, "result", None)
        if result is not None:
            self.tell(self.reason(result.iterations + 1), result)

    def reason(self, step: int) -> str:
        """`the loss is nan since step 12: log of p = 0.0 at model.py:12`."""
        batch = self.batch or tuple(Tensor(a) if not isinstance(a, Tensor) else a for a in self.data)
        with np.errstate(all="ignore"):
            loss = self.model(*batch)
        watch = debug_nans()
        for node in walk(loss):
            wrong = watch.not_finite(node.numpy())
            if not np.any(wrong):
                continue
            if node.rule is None:
                return f"the loss is {loss.item()} since step {step}: {self.name_of(node)} holds {first_of(node.numpy(), wrong)}"
            at, names = first_index(wrong), names_of(node, node.rule, node.args)
            pairs = zip(names, node.values, strict=True)
            given = ", ".join(f"{name} = {entry(value, at, node.shape)}" for name, value in pairs)
            return f"the loss is {loss.item()} since step {step}: {node.rule.name} of {given}{made_at(node)}"
        return f"a gradient is not finite since step {step}, though the loss is {loss.item():.4g}"

    def name_of(self, node: Any) -> str:
        """The user's name for a parameter, or the place of an array in the data."""
        names = {id(p): name for name, p in self.seen.parameters.items()}
        places = [f"data[{k}]" for k, array in enumerate(self.batch) if array is node]
        return names.get(id(node)) or next(iter(places), None) or str(node.name or f"an array of shape {node.shape}")

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, FloatingPointError):
            self.failed(error)
