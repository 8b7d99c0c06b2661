"""The progress bar."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator

from microgradnp.training.result import Fit


@contextlib.contextmanager
def progress_bar(iterations: int | None, wanted: bool) -> Iterator[Callable[[Fit], None]]:
    """A function that moves a progress bar, at most ten times a second. In a pipe or a file there is no bar.

    The bar shows the loss, the newest validation, the speed, and the time that is left where the number of iterations is known.
    """
    if not wanted:
        yield lambda result: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    drawable = console.is_terminal or (console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None)
    if not drawable:
        yield lambda result: None
        return
    columns = (TextColumn("fit"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=iterations)
        due = 0.0

        def advance(result: Fit) -> None:
            nonlocal due
            seconds = result.history.seconds
            now = seconds[-1]
            if now >= due:
                due = now + 0.1
                recent = seconds[max(-len(seconds), -100) :]
                speed = (len(recent) - 1) / ((recent[-1] - recent[0]) or 1)
                bar.update(task, completed=result.iterations, description=f"{result.history.newest}, {speed:.3g} steps/s")

        yield advance
