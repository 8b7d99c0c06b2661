"""Files that the package writes: whole or not at all, in the place that a link leads to, with the mode and owner they had."""

import functools
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.inspection.files import write_whole

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, modes and pipes of POSIX")
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path):
    write_whole(tmp_path / "new", b"new")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "new").read_bytes() == b"new"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert names(tmp_path) == ["new", "plain"]


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_the_mode_of_a_file_stays(tmp_path, mode):
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(mode)
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(not is_root, reason="only root may give files away")
def test_the_owner_of_a_file_stays(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"old")
    os.chown(file, 12345, 23456)
    write_whole(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_links_are_followed_and_stay(tmp_path):
    (tmp_path / "inner").mkdir()
    target = tmp_path / "inner" / "target"
    target.write_bytes(b"old")
    (tmp_path / "one").symlink_to(target)
    (tmp_path / "two").symlink_to("one")
    write_whole(tmp_path / "two", b"new")
    assert (tmp_path / "two").is_symlink()
    assert target.read_bytes() == b"new"
    assert names(tmp_path / "inner") == ["target"]


def test_a_link_to_nothing_makes_the_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_circle_of_links_is_an_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_whole(tmp_path / "a", b"new")
    assert names(tmp_path) == ["a", "b"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"through")
    reader.join(10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_never_replaced():
    before = os.stat("/dev/null")
    write_whole(Path("/dev/null"), b"nothing")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert os.stat("/dev/null").st_rdev == before.st_rdev


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_device_is_an_error():
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), b"x")


def test_an_error_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(is_root, reason="root may write everywhere")
@pytest.mark.parametrize("place", ["file", "folder"])
def test_what_is_read_only_stays(tmp_path, place):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"old")
    locked = folder / "file" if place == "file" else folder
    locked.chmod(0o444 if place == "file" else 0o555)
    with pytest.raises(PermissionError):
        write_whole(folder / "file", b"new")
    locked.chmod(0o755)
    assert (folder / "file").read_bytes() == b"old"
    assert names(folder) == ["file"]


@pytest.mark.parametrize(
    ("name", "error"),
    [("", IsADirectoryError), ("..", IsADirectoryError), ("inner", IsADirectoryError), ("n" * 300, OSError), ("a\0b", OSError)],
)
def test_names_that_are_no_files(tmp_path, name, error):
    (tmp_path / "inner").mkdir()
    with pytest.raises(error):
        write_whole(tmp_path / name, b"new")
    assert names(tmp_path) == ["inner"]


def test_a_name_with_two_dots_leads_out_of_a_folder(tmp_path):
    (tmp_path / "inner").mkdir()
    write_whole(tmp_path / "inner" / ".." / "file", b"new")
    assert names(tmp_path) == ["file", "inner"]


def test_pictures_and_pages_are_written_so(tmp_path):
    W = mg.Tensor(np.ones((2, 2)), requires_grad=True, name="W")
    for name, write in (("graph.svg", functools.partial(mg.render, engine="builtin")), ("graph.html", mg.view)):
        (tmp_path / "target").write_text("old")
        (tmp_path / name).symlink_to("target")
        write(np.sum(W * W), tmp_path / name)
        assert (tmp_path / name).is_symlink()
        assert "W" in (tmp_path / "target").read_text()
