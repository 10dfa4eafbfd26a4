"""Are the files of a collection found, and what is dangerous refused?"""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tinytorch.errors import CollectError
from tinytorch.grading.collect import archives
from tinytorch.grading.collect.archives import Incoming, Refused, read_collection


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def found(start: Path) -> dict[str, bytes]:
    return {item.name: item.data for item in read_collection(start) if isinstance(item, Incoming)}


def refused(start: Path) -> dict[str, str]:
    return {item.name: item.reason for item in read_collection(start) if isinstance(item, Refused)}


@pytest.fixture
def class_zip(tmp_path: Path) -> Path:
    return tmp_path / "class.zip"


def test_a_folder_is_walked(tmp_path: Path) -> None:
    (tmp_path / "ada" / "deep").mkdir(parents=True)
    (tmp_path / "ada" / "deep" / "a.ipynb").write_bytes(b"1")
    assert found(tmp_path) == {"ada/deep/a.ipynb": b"1"}


def test_zips_count_as_folders(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(("13_kernels/a.ipynb", b"1")))
    assert found(tmp_path) == {"ada/13_kernels/a.ipynb": b"1"}


def test_a_class_zip_may_hold_a_zip_for_each_student(class_zip: Path) -> None:
    class_zip.write_bytes(zipped(("all/ada.zip", zipped(("a.ipynb", b"1"))), ("bob/b.ipynb", b"2")))
    assert found(class_zip) == {"all/ada/a.ipynb": b"1", "bob/b.ipynb": b"2"}


def test_a_zip_in_a_students_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(("b.zip", zipped(("a.ipynb", b"1")))))
    assert "zip inside" in refused(tmp_path)["ada/b.zip"]


@pytest.mark.parametrize(
    "name", ["../evil.ipynb", "/etc/evil.ipynb", "a/../../evil.ipynb", "C:\\evil.ipynb", "..\\evil.ipynb"]
)
def test_a_path_that_leads_out_is_refused(class_zip: Path, name: str) -> None:
    class_zip.write_bytes(zipped((name, b"1")))
    assert found(class_zip) == {}
    assert list(refused(class_zip).values()) == ["a path that leads out of its folder"]


def test_links_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.ipynb").symlink_to("/etc/passwd")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    assert found(folder) == {}
    assert set(refused(folder)) == {"a.ipynb", "up"}


def test_links_inside_zips_are_refused(class_zip: Path) -> None:
    link = zipfile.ZipInfo("ada/a.ipynb")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    class_zip.write_bytes(zipped((link, b"/etc/passwd")))
    assert "link" in refused(class_zip)["ada/a.ipynb"]


def test_a_file_that_swells_is_refused(class_zip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1_000_000)
    class_zip.write_bytes(zipped(("ada/a.ipynb", bytes(2_000_000))))
    assert class_zip.stat().st_size < 10_000
    assert "larger than 1 MB" in refused(class_zip)["ada/a.ipynb"]


def test_a_lie_about_the_size_is_found_out(class_zip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1_000_000)
    size, lie = struct.pack("<I", 2_000_000), struct.pack("<I", 10)
    class_zip.write_bytes(zipped(("ada/a.ipynb", bytes(2_000_000))).replace(size, lie))
    assert found(class_zip).get("ada/a.ipynb", b"") == b""


def test_too_many_files_are_refused(class_zip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    class_zip.write_bytes(zipped(*[(f"ada/{number}.ipynb", b"1") for number in range(4)]))
    assert "too many" in refused(class_zip)["the zip"]


def test_a_broken_zip_of_one_student_is_listed(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(b"PK not a zip")
    (tmp_path / "bob.zip").write_bytes(zipped(("a.ipynb", b"1")))
    assert "broken zip" in refused(tmp_path)["ada"]
    assert found(tmp_path) == {"bob/a.ipynb": b"1"}


def test_what_systems_leave_behind_is_passed_over(class_zip: Path) -> None:
    class_zip.write_bytes(zipped(("__MACOSX/._a.ipynb", b"1"), ("ada/.ipynb_checkpoints/a.ipynb", b"2")))
    assert found(class_zip) == refused(class_zip) == {}


def test_the_utc_time_in_a_zip_is_used(class_zip: Path) -> None:
    member = zipfile.ZipInfo("ada/a.ipynb", (2026, 1, 1, 12, 0, 0))
    told = datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
    member.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(told.timestamp()))
    class_zip.write_bytes(zipped((member, b"1")))
    assert [item.changed for item in read_collection(class_zip) if isinstance(item, Incoming)] == [told]


def test_a_zip_without_times_has_its_own(class_zip: Path) -> None:
    class_zip.write_bytes(zipped((zipfile.ZipInfo("ada/a.ipynb"), b"1")))
    [item] = [item for item in read_collection(class_zip) if isinstance(item, Incoming)]
    assert item.changed == datetime.fromtimestamp(class_zip.stat().st_mtime, UTC)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("x")], ids=["absent", "text"])
def test_what_is_no_collection_is_an_error(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "from")
    with pytest.raises(CollectError, match="from"):
        list(read_collection(tmp_path / "from"))


def test_a_name_longer_than_any_file_systems_is_refused_at_once(class_zip: Path) -> None:
    """Names are searched for endings like "(1)" and "-Copy1"; one of 60000 letters once took minutes."""
    class_zip.write_bytes(zipped(("ada/" + "-1" * 30_000 + "x.ipynb", b"1"), ("a/" * 50 + "b.ipynb", b"2")))
    told = refused(class_zip)
    assert list(told.values()) == ["a name longer than a file's can be"] * 2
    assert max(map(len, told)) <= 110


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_compression_that_is_seldom_and_takes_memory_is_refused(class_zip: Path, method: int) -> None:
    with zipfile.ZipFile(class_zip, "w", method) as archive:
        archive.writestr("ada/a.ipynb", b"1" * 1000)
    assert "zip it again" in refused(class_zip)["ada/a.ipynb"]


def test_what_one_student_packs_has_a_limit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_STUDENT_BYTES", 1000)
    (tmp_path / "ada.zip").write_bytes(zipped(*((f"{n}.ipynb", b"1" * 400) for n in range(3))))
    assert refused(tmp_path) == {"ada": "a zip with too many or too large files"}


def test_a_students_zip_on_disk_has_the_limit_of_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 100)
    (tmp_path / "ada.zip").write_bytes(zipped(("a.ipynb", bytes(range(256)))))
    assert "larger than" in refused(tmp_path)["ada.zip"]


def test_members_of_the_same_name_are_each_told(class_zip: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        class_zip.write_bytes(zipped(("ada/a.ipynb", b"1"), ("ada/a.ipynb", b"2")))
    items = [item for item in read_collection(class_zip) if isinstance(item, Incoming)]
    assert [(item.name, item.data) for item in items] == [("ada/a.ipynb", b"1"), ("ada/a.ipynb", b"2")]


def test_a_member_without_a_name_is_refused(class_zip: Path) -> None:
    """Found by fuzzing: the library's own test for a folder fails on it, which ended the collecting of a class."""
    data = bytearray(zipped(("x", b"1"), ("ada/a.ipynb", b"2")))
    at = data.index(b"PK\x01\x02")
    data[at + 28 : at + 30] = bytes(2)  # the length of the first name in the directory
    del data[at + 46]
    end = data.index(b"PK\x05\x06")
    size = int.from_bytes(data[end + 12 : end + 16], "little") - 1
    data[end + 12 : end + 16] = size.to_bytes(4, "little")
    class_zip.write_bytes(data)
    assert "leads out" in refused(class_zip)[""]
    assert found(class_zip) == {"ada/a.ipynb": b"2"}
