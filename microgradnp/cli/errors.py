"""The one error of the commands: a message, and exit status 2."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from microgradnp.core.origin import one_line


class UnusableError(click.ClickException):
    """A file could not be loaded, run or written. The message says why, and what to do."""

    exit_code = 2


@contextlib.contextmanager
def running(target: str, *clear: type[Exception]) -> Iterator[None]:
    """Report an exception of the user's code as an UnusableError. The messages of `clear` exceptions need no addition."""
    try:
        yield
    except clear as error:
        raise UnusableError(str(error)) from None
    except Exception as error:
        raise UnusableError(f"{target}: {one_line(error)}") from None


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report an OSError as an UnusableError that names the path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).removeprefix("view: ")
        raise UnusableError(f"cannot write {path}: {reason}. Choose another path") from None
