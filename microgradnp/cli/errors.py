"""The one error of the commands: a message, and exit status 2."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from microgradnp.core.origin import one_line


class UnusableError(click.ClickException):
    """A file could not be loaded, run or written. The message says why, and what to do."""

    exit_code = 2


class Commands(click.Group):
    """The commands. When standard output cannot be written to, because a disk is full, they say so and end with status 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except OSError as error:
            if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left over goes nowhere
            raise UnusableError(f"cannot write to the standard output: {error.strerror}") from None


@contextlib.contextmanager
def running(target: str, *clear: type[Exception]) -> Iterator[None]:
    """Report an exception of the user's code as an UnusableError. The messages of `clear` exceptions need no addition."""
    try:
        yield
    except clear as error:
        raise UnusableError(with_options(str(error))) from None
    except Exception as error:
        raise UnusableError(f"{target}: {one_line(error)}") from None


def with_options(message: str) -> str:
    """A message for Python users in the words of the command line: `bind={'x': ...}` becomes `--bind x=...`."""
    return re.sub(
        r"\bbind=\{(.*?)\}",
        lambda found: " ".join(f"--bind {name}={value}" for name, value in re.findall(r"'(\w+)': ([^,]+)", found[1])),
        message,
    )


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report an OSError as an UnusableError that names the path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).removeprefix("view: ")
        raise UnusableError(f"cannot write {path}: {reason}. Choose another path") from None
