"""What a program does outside of its process while it is run again and again: printing, files, windows, prompts, processes.

Nothing of it happens. Text is swallowed, files are written to a folder that is thrown away, windows do not open, a pause does not
wait. What cannot be left out is refused: a prompt, another process. Random state, working directory and warnings are put back.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.record.census import census
from microgradnp.debugger.record.values import global_state, set_global_state

Replaced = tuple[Any, str, Callable[..., Any]]


@contextlib.contextmanager
def aside() -> Iterator[list[str]]:
    """Keep back what the program does outside, and list it: "printing", "writing w.npz".

    Inside of another `aside` this is one of many runs: it begins as the others did, and costs little.
    """
    global started
    if started is not None:
        with started.one_run():
            yield started.kept_back
        return
    environment, options = dict(os.environ), np.get_printoptions()
    kept_back: list[str] = []
    with census(), contextlib.ExitStack() as stack:
        scratch = Scratch(stack)
        started = Start(kept_back, scratch, global_state(), os.getcwd(), list(sys.path))
        others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
        stack.enter_context(contextlib.redirect_stdout(Swallowed(kept_back, others, sys.stdout)))
        stack.enter_context(contextlib.redirect_stderr(Swallowed(kept_back, others, sys.stderr)))
        for owner, name, new in [*on_disk(scratch, kept_back), *on_screen(kept_back)]:
            old = getattr(owner, name)
            stack.callback(setattr, owner, name, old)
            setattr(owner, name, unless_in(others, new, old))
        try:
            with started.one_run():
                yield kept_back
        finally:
            started = None
            np.set_printoptions(**options)
            if dict(os.environ) != environment:
                os.environ.clear()
                os.environ.update(environment)


class Start(NamedTuple):
    """How things stood outside before the first run. Every run begins so."""

    kept_back: list[str]
    scratch: Scratch
    random: Any
    folder: str
    path: list[str]

    @contextlib.contextmanager
    def one_run(self) -> Iterator[None]:
        """A run after which all is as before, so that the next begins as this one did."""
        try:
            with warnings.catch_warnings(), np.errstate():
                warnings.simplefilter("ignore")
                yield
        finally:
            set_global_state(self.random)
            os.chdir(self.folder)
            sys.path[:] = self.path
            self.scratch.empty()


started: Start | None = None  # what is replaced is replaced for the whole process, so there is one


def note(kept_back: list[str], what: str) -> None:
    if what not in kept_back:
        kept_back.append(what)


def unless_in(others: set[int | None], new: Callable[..., Any], old: Callable[..., Any]) -> Callable[..., Any]:
    """What is replaced for the program. The threads that ran before it, such as a notebook's own, keep what they had."""

    def chosen(*args: Any, **options: Any) -> Any:
        return (old if threading.get_ident() in others else new)(*args, **options)

    return chosen


class Swallowed(io.StringIO):
    """A stream that swallows what the program prints. The threads that ran before it print as they did."""

    def __init__(self, kept_back: list[str], others: set[int | None], real: Any) -> None:
        super().__init__()
        self.kept_back, self.others, self.real = kept_back, others, real

    def write(self, text: str) -> int:
        if threading.get_ident() in self.others:
            return int(self.real.write(text))
        note(self.kept_back, "printing")
        return len(text)


def on_disk(scratch: Scratch, kept_back: list[str]) -> Iterator[Replaced]:
    """Files are read where they are, and written to a folder that is thrown away."""
    real_open = builtins.open

    def open_aside(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not isinstance(file, (str, os.PathLike)):
            return real_open(file, mode, *args, **options)
        if any(letter in mode for letter in "wax+"):
            note(kept_back, f"writing {os.path.basename(os.fspath(file))}")
            copy = scratch.place(file)
            if "w" not in mode and os.path.exists(file) and not os.path.exists(copy):
                with real_open(file, "rb") as old, real_open(copy, "wb") as new:
                    new.write(old.read())
            return real_open(copy, mode, *args, **options)
        return real_open(scratch.place(file) if scratch.holds(file) else file, mode, *args, **options)

    def left_out(*args: Any, **_options: Any) -> None:
        note(kept_back, f"changing {os.path.basename(str(args[0])) if args else 'files'}")

    yield builtins, "open", open_aside
    yield io, "open", open_aside
    for name in ("mkdir", "makedirs", "remove", "unlink", "rename", "replace", "rmdir"):
        yield os, name, left_out


class Scratch:
    """A folder for what a run writes; it is made when the first file is written."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.folder = os.path.join(tempfile.gettempdir(), f"microgradnp-{uuid.uuid4().hex}")
        self.make, self.unlink, self.made = os.mkdir, os.unlink, False  # as they are outside
        stack.callback(self.remove)

    def empty(self) -> None:
        """Throw away what the run wrote."""
        for name in os.listdir(self.folder) if self.made else ():
            self.unlink(os.path.join(self.folder, name))

    def remove(self) -> None:
        if self.made:
            shutil.rmtree(self.folder, ignore_errors=True)

    def place(self, file: Any) -> str:
        """Where a file is written."""
        if not self.made:
            self.make(self.folder, 0o700)
            self.made = True
        return os.path.join(self.folder, os.path.abspath(os.fspath(file)).replace(os.sep, "%").replace(":", "%"))

    def holds(self, file: Any) -> bool:
        """Whether the run has written this file."""
        return self.made and os.path.exists(self.place(file))


def on_screen(kept_back: list[str]) -> Iterator[Replaced]:
    """Windows, prompts, pauses, other processes, and random generators that were not seeded."""
    make_rng = np.random.default_rng

    def seeded_rng(seed: Any = None, *args: Any, **options: Any) -> Any:
        return make_rng(0 if seed is None else seed, *args, **options)

    def left_out(what: str) -> Callable[..., None]:
        return lambda *_args, **_options: note(kept_back, what)

    def refused(what: str) -> Callable[..., Any]:
        def refuse(*_args: Any, **_options: Any) -> Any:
            raise EOFError(
                f"the code {what}, which is not done while it is checked; take it out of the function, or pass its result"
            )

        return refuse

    yield builtins, "input", refused("asks for input")
    yield np.random, "default_rng", seeded_rng
    yield time, "sleep", left_out("pausing")
    yield subprocess, "Popen", refused("starts another process")
    yield os, "system", refused("starts another process")
    if "multiprocessing.process" in sys.modules:
        yield sys.modules["multiprocessing.process"].BaseProcess, "start", refused("starts another process")
    if "webbrowser" in sys.modules:
        yield sys.modules["webbrowser"], "open", left_out("opening a browser")
    plots = sys.modules.get("matplotlib.pyplot")
    for name, what in (("show", "showing a picture"), ("pause", "showing a picture"), ("savefig", "writing a picture")):
        if plots is not None:
            yield plots, name, left_out(what)
