"""The folder store: whole or absent files, and what the file system may refuse."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from collector.adapters.local_files import FolderObjects
from collector.core.errors import ConfigError, ObjectExists, StoreRefused, StoreUnavailable

KEY = "tweets/dt=2026-11-22/hour=06/a.csv"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def store(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "out")


def failing(number: int) -> Any:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_create_that_stops_before_the_link_leaves_no_object(
    store: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:  # F24
    def stop(*_: Any) -> NoReturn:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", stop)
        with pytest.raises(Killed):
            store.create(KEY, b"half")
    assert list(store.keys("")) == []
    store.create(KEY, b"whole")
    assert store.read(KEY) == b"whole"


@pytest.mark.parametrize(("death", "keys"), [("link", []), ("unlink", [KEY])])
def test_a_killed_writer_leaves_all_or_nothing(
    store: FolderObjects, tmp_path: Path, death: str, keys: list[str]
) -> None:
    program = (
        "import os, pathlib, sys; from collector.adapters.local_files import FolderObjects\n"
        f"os.{death} = lambda *_, **__: os._exit(9)\n"
        "FolderObjects(pathlib.Path(sys.argv[1])).create(sys.argv[2], b'body')"
    )
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path / "out"), KEY], check=False)  # noqa: S603
    assert run.returncode == 9
    assert len(list((tmp_path / "out" / "tmp").iterdir())) == 1
    assert list(store.keys("")) == keys
    assert [store.read(key) for key in keys] == [b"body"] * len(keys)


def test_nothing_is_left_in_tmp_after_a_create_or_a_refused_one(store: FolderObjects, tmp_path: Path) -> None:
    store.create(KEY, b"1")
    with pytest.raises(ObjectExists):
        store.create(KEY, b"2")
    assert list((tmp_path / "out" / "tmp").iterdir()) == []


def test_the_bytes_reach_the_disk_before_the_name_does(store: FolderObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create("seals/1", b"")
    steps: list[str] = []
    sync, link = os.fsync, os.link

    def noted_sync(descriptor: int) -> None:
        steps.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().parts[-2])
        sync(descriptor)

    def noted_link(*paths: Path) -> None:
        steps.append("link")
        link(*paths)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "link", noted_link)
    store.create("seals/2", b"")
    assert steps == ["sync tmp", "link", "sync out"]
    steps.clear()
    with pytest.raises(ObjectExists):
        store.create("seals/2", b"")
    assert steps[-1] == "sync out"


def test_new_folders_reach_the_disk_too(store: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def noted_sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted_sync)
    store.create("a/b/c", b"")
    out = tmp_path / "out"
    assert {tmp_path, out, out / "a", out / "a" / "b"} <= set(synced)


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EXDEV])
def test_a_file_system_without_hard_links_is_refused_with_a_remedy(
    store: FolderObjects, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", failing(number))
    with pytest.raises(StoreRefused, match=r"a\.csv") as caught:
        store.create(KEY, b"")
    assert "hard links" in caught.value.hint
    assert list(store.keys("")) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "link", "mkdir"])
def test_a_full_disk_is_unavailable_and_leaves_nothing(
    store: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    store.create("first", b"")
    monkeypatch.setattr(os, call, failing(number))
    for key in ("second", KEY) if call != "mkdir" else (KEY,):
        with pytest.raises(StoreUnavailable, match=f"{key}.*{os.strerror(number)}"):
            store.create(key, b"")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["first"]


def test_a_folder_we_may_not_write_is_refused(store: FolderObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "mkdir", failing(errno.EACCES))
    with pytest.raises(StoreRefused, match="Permission denied") as caught:
        store.create(KEY, b"")
    assert "this user" in caught.value.hint


def test_a_folder_we_may_not_list_is_refused(store: FolderObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create(KEY, b"")
    monkeypatch.setattr(os, "scandir", failing(errno.EACCES))
    with pytest.raises(StoreRefused, match="Permission denied"):
        list(store.keys(""))


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreRefused):
        FolderObjects(tmp_path / "out").create(KEY, b"")


def test_a_key_where_a_folder_is_is_refused_or_exists_but_never_replaces(store: FolderObjects) -> None:
    store.create("a/b", b"1")
    with pytest.raises(ObjectExists):
        store.create("a", b"2")
    with pytest.raises(StoreRefused):
        store.create("a/b/c", b"3")
    assert list(store.keys("")) == ["a/b"]


def test_only_the_folder_of_the_prefix_is_walked(store: FolderObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("raw/a/1", "seals/1", "tweets/dt=2026-11-22/1", "tweets/dt=2026-11-23/1"):
        store.create(key, b"")
    walked: list[str] = []
    scandir = os.scandir

    def noted_scandir(folder: Path) -> Any:
        walked.append(folder.name)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", noted_scandir)
    assert list(store.keys("tweets/dt=2026-11-23")) == ["tweets/dt=2026-11-23/1"]
    assert walked == ["tweets", "dt=2026-11-23"]


def test_a_store_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = FolderObjects(Path("out"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.create("a", b"")
    assert (tmp_path / "out" / "a").is_file()


@pytest.mark.parametrize("name", ["out", "with space", "100% é?#"])
def test_the_location_opens_the_same_folder_again(tmp_path: Path, name: str) -> None:
    FolderObjects(tmp_path / name).create("a", b"1")
    again = FolderObjects.from_url(FolderObjects(tmp_path / name).location)
    assert again.read("a") == b"1"


@pytest.mark.parametrize(
    "url",
    ["", "out", "/out", "s3://b/x", "file:out", "file://", "file:///", "file://out", "file://~/out", "file:///a?b"],
)
def test_a_wrong_url_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FolderObjects.from_url(url)
    assert "file:///home/me/tweets" in caught.value.hint
