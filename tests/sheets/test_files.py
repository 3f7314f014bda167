"""Files as wholes: the output stands whole or not at all, and nothing of the user's is lost."""

import errno
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest

from pipeline.errors import InputFault, OutputFault
from pipeline.sheets import check_target, digest, keep_aside
from tests.sheets.builders import a_copy, a_file, a_source, a_workbook

NOON = datetime(2024, 5, 6, 12, 30, 5, tzinfo=UTC)


def test_the_digest_is_of_the_bytes_in_place(tmp_path: Path) -> None:
    """What `write` says, `digest` finds again, and so does any tool."""
    written = a_copy(a_source(a_workbook(tmp_path)))
    assert written.digest == digest(written.path)
    assert written.digest == hashlib.sha256(written.path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("leeds.csv", "did you mean 'leads.csv'?"),
        ("leads.xls", "did you mean 'leads.xlsx'?"),
        ("LEADS.csv", "did you mean 'leads.csv'?"),
        ("nosuch.csv", "mend the path"),
    ],
)
def test_only_a_near_name_is_proposed_for_a_missing_file(
    tmp_path: Path, name: str, remedy: str
) -> None:
    """A like ending makes no two names near; of like names the nearest ending counts."""
    for other in ("leads.csv", "leads.xlsx", "rows.csv"):
        (tmp_path / other).touch()
    with pytest.raises(InputFault) as caught:
        digest(tmp_path / name)
    assert caught.value.remedy == remedy


def test_missing_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    """The target stands in a new folder, alone, with the mode that the umask gives."""
    old = os.umask(0o027)
    try:
        written = a_copy(a_source(a_file(tmp_path, "a\n1\n")), name="out/deep/leads.csv")
    finally:
        os.umask(old)
    assert [file.name for file in written.path.parent.iterdir()] == ["leads.csv"]
    assert written.path.stat().st_mode & 0o777 == 0o640


def _fail(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        ("os.fsync", errno.ENOSPC, "No space left"),
        ("os.fsync", errno.EIO, "Input/output error"),
        ("pathlib.Path.replace", errno.EXDEV, "cross-device"),
        ("pathlib.Path.replace", errno.EACCES, "Permission denied"),
    ],
)
def test_a_write_that_fails_leaves_the_old_target_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, told: str
) -> None:
    """The old file stands, no temporary one is left, and one line says why."""
    source = a_source(a_file(tmp_path, "a\n1\n"))
    target = a_file(tmp_path, "old", "leads.done.csv")
    monkeypatch.setattr(call, _fail(code))
    with pytest.raises(OutputFault, match=told) as caught:
        a_copy(source)
    assert "\n" not in str(caught.value)
    assert target.read_text() == "old"
    assert {file.name for file in tmp_path.iterdir()} == {"leads.csv", "leads.done.csv"}


def test_an_interrupted_write_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of the write is as clean as an error."""

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    source = a_source(a_file(tmp_path, "a\n1\n"))
    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        a_copy(source)
    assert [file.name for file in tmp_path.iterdir()] == ["leads.csv"]


def test_a_locked_target_leaves_the_result_under_a_second_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another program holds the target, the result is beside it, and nothing is replaced."""
    source = a_source(a_file(tmp_path, "a\n1\n"))
    target = a_file(tmp_path, "old", "leads.done.csv")
    a_file(tmp_path, "older", "leads.done.new-1.csv")
    replace = Path.replace

    def locked(path: Path, other: Path) -> Path:
        if other == target:
            raise PermissionError(errno.EACCES, "locked")
        return replace(path, other)

    monkeypatch.setattr(Path, "replace", locked)
    written = a_copy(source)
    assert written.path == tmp_path / "leads.done.new-2.csv"
    assert written.path.read_text() == "a,Email\n1,x\n"
    assert target.read_text() == "old"
    assert (tmp_path / "leads.done.new-1.csv").read_text() == "older"


def test_an_edited_file_is_kept_aside_under_its_moment(tmp_path: Path) -> None:
    """It is renamed, its bytes stay, and a file that is there is never replaced."""
    names = ["leads.edited-20240506-123005.csv", "leads.edited-20240506-123005-2.csv"]
    for name in names:
        assert keep_aside(a_file(tmp_path, name), NOON) == tmp_path / name
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {n: n for n in names}


def test_a_file_that_went_cannot_be_kept_aside(tmp_path: Path) -> None:
    """It is told as a fault of the output."""
    with pytest.raises(OutputFault, match="No such file"):
        keep_aside(tmp_path / "leads.csv", NOON)


@pytest.mark.parametrize("name", ["leads.csv", "sub/../leads.csv", "linked.csv", "hard.csv"])
def test_the_output_is_never_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Neither by its name, a way round, a symbolic link, a hard one, nor a relative path."""
    path = a_file(tmp_path, "a\n1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "linked.csv").symlink_to(path)
    (tmp_path / "hard.csv").hardlink_to(path)
    monkeypatch.chdir(tmp_path)
    for target in (tmp_path / name, Path(name)):
        with pytest.raises(OutputFault, match="over the input"):
            check_target(a_source(path), target)
    with pytest.raises(OutputFault, match="over the input"):
        a_copy(a_source(path), name=name)
    assert path.read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("out.xlsx", "must be of the input's kind, .csv; name it out.csv"),
        ("out", "must be of the input's kind"),
        ("folder.csv", "this is a folder"),
        ("leads.txt/out.csv", "nothing can be written to"),
        ("leads.txt/deep/out.csv", "nothing can be written to"),
    ],
)
def test_a_target_that_cannot_be_written_is_told_before(
    tmp_path: Path, name: str, told: str
) -> None:
    """Each fault of the target is seen without writing anything."""
    source = a_source(a_file(tmp_path, "a\n1\n"))
    a_file(tmp_path, "", "leads.txt")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputFault, match=told):
        check_target(source, tmp_path / name)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_folder_that_takes_no_file_is_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A file is made in the nearest folder that is there, and taken away again."""
    source = a_source(a_file(tmp_path, "a\n1\n"))
    check_target(source, tmp_path / "deep" / "out.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["leads.csv"]

    def full(_path: Path, *_: str, **__: object) -> IO[Any]:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputFault, match=f"nothing can be written to .*{os.strerror(code)}"):
        check_target(source, tmp_path / "deep" / "out.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["leads.csv"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_copy_that_finds_no_place_is_kept_beside_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A disk that is full at the very end costs no result: it has a second name, which is told."""
    source = a_source(a_file(tmp_path, "a\n1\n"))
    (tmp_path / "out").mkdir()
    a_file(tmp_path, "older", "done.new-1.csv")
    open_ = Path.open

    def full(path: Path, *arguments: str, **more: str) -> IO[Any]:
        if path.parent.name == "out":
            raise OSError(code, os.strerror(code))
        return open_(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", full)
    written = a_copy(source, {2: ["x\0"]}, name="out/done.csv")
    assert written.path == tmp_path / "done.new-2.csv"
    assert written.overflow == tmp_path / "done.new-2.overflow.txt"
    assert "done.new-2.overflow.txt" in written.path.read_text("utf-8")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_copy_is_kept_in_the_last_place_that_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither folder can be written to, the system's folder for such files holds it."""
    folder, last = tmp_path / "sheets", tmp_path / "last"
    folder.mkdir()
    last.mkdir()
    source = a_source(a_file(folder, "a\n1\n"))
    open_ = Path.open

    def gone(path: Path, *arguments: str, **more: str) -> IO[Any]:
        if path.parent == folder and path != source.path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open_(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", gone)
    monkeypatch.setattr("tempfile.tempdir", str(last))
    assert a_copy(source).path == last / "leads.done.new-1.csv"
