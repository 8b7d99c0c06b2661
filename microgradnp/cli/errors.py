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


class UnusableError(click.ClickException):
    """A file could not be loaded, run or written. The message says why, and what to do."""

    exit_code = 2


class Commands(click.Group):
    """The commands, in the order in which they were added. All that goes wrong is told in one line, with status 2.

    That is also so for options that there are not, and for a standard output that cannot be written to, because a disk is full.
    """

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.commands)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        with in_one_line():
            return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        try:
            with in_one_line():
                return super().invoke(context)
        except OSError as error:
            if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left over goes nowhere
            raise UnusableError(f"cannot write to the standard output: {error.strerror}") from None


@contextlib.contextmanager
def in_one_line() -> Iterator[None]:
    """Report a mistake in the command line as an UnusableError that names the help. Without any arguments the help is shown."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "python -m microgradnp"
        message = error.format_message()
        raise UnusableError(f"{message}{'' if message.endswith(('.', '?')) else '.'} See {command} --help") from None


@contextlib.contextmanager
def running(target: str, *clear: type[Exception]) -> Iterator[None]:
    """Report an exception of the user's code as an UnusableError. The messages of `clear` exceptions need no addition."""
    try:
        yield
    except UnusableError:
        raise
    except clear as error:
        raise UnusableError(with_options(str(error))) from None
    except Exception as error:
        from microgradnp.debugger.report.stopped import stopped

        raise UnusableError(f"{target}: {stopped(error)}") from None


def with_options(message: str) -> str:
    """A text for Python users in the words of the command line: `bind={'x': 'xb'}` becomes `--bind x=xb`."""

    def option(name: str, value: str) -> str:
        plain = re.fullmatch(r"['\"]([\w.]+)['\"]", value.strip())
        return f"--bind {name}={plain[1] if plain else value.strip()}"

    pair = r"['\"](\w+)['\"]: ('[^']*'|\"[^\"]*\"|[^,]+)"
    message = re.sub(r"\bbind=\{(.*?)\}", lambda found: " ".join(option(*one) for one in re.findall(pair, found[1])), message)
    message = re.sub(r"\bbind\[['\"](\w+)['\"]\] = ('[^']*'|\"[^\"]*\")", lambda found: option(found[1], found[2]), message)
    return re.sub(r"\b(bind|budget|step)=(?=[ .,;:)]|$)", r"--\1", message)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report an OSError as an UnusableError that names the path."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
            raise UnusableError(f"cannot write {path}: the folder {path.parent} does not exist. Create it first") from None
        reason = error.strerror or str(error).removeprefix("view: ")
        raise UnusableError(f"cannot write {path}: {reason}. Choose another path") from None
