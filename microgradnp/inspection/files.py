"""Files are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

PASSED_ON = ("/dev/", "/proc/")  # what lies there is no file of its own


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader never sees half of it. After an error the old file is there, as it was.

    Links are followed. A file that is replaced keeps its mode and its owner. What is no plain file, such as a pipe or a device,
    is written to and never replaced. Raises OSError.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "a name with a null character", str(path))
    target = Path(os.path.realpath(path))
    old = status_of(path)
    if str(path).startswith(PASSED_ON) or (old is not None and not stat.S_ISREG(old.st_mode)):
        write_through(path, data)
    elif old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only", str(path))
    else:
        replace(target, data, old)


def status_of(path: Path) -> os.stat_result | None:
    """The status of what a path leads to; None where there is nothing yet."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def write_through(path: Path, data: bytes) -> None:
    """Write to a pipe or a device. Raises IsADirectoryError for a folder."""
    with open(path, "wb") as file:
        file.write(data)


def replace(target: Path, data: bytes, old: os.stat_result | None) -> None:
    """Write beside a file, and move into its place when all is on the disk."""
    part = target.parent / f".{os.getpid()}-{os.urandom(4).hex()}.part"
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            keep_owner(part, old)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    with contextlib.suppress(OSError, AttributeError):  # not every system opens folders
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def keep_owner(part: Path, old: os.stat_result) -> None:
    """Give a new file the owner and the mode of the one that it replaces. Raises PermissionError where that is not allowed."""
    own = os.stat(part)
    if (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid):
        os.chown(part, old.st_uid, old.st_gid)
    os.chmod(part, stat.S_IMODE(old.st_mode))
