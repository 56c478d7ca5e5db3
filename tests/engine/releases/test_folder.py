"""A release on disk: the same scores when opened again, and no judging by a damaged one."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch

from engine.errors import ModelError
from engine.inspector import Inspector
from engine.releases import folder as release_folder
from engine.releases.folder import MANIFEST, Release, open_release, write_release
from engine.releases.manifest import FORMAT_VERSION
from tests.small_parts import fitted, frame_of, good_image, spotted, the_release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return write_release(the_release(), tmp_path / "plate")


def _blob(release: Release, name: str) -> Path:
    return release.blob_path(release.manifest.blobs[name])


def test_opened_again_it_scores_the_same_bit_for_bit(tmp_path: Path) -> None:
    one = write_release(fitted(), tmp_path / "one")
    other = write_release(the_release(), tmp_path / "other")
    for image in (good_image(100), spotted(good_image(101))):
        first = Inspector.open(one, "cpu").inspect(frame_of(image))
        again = Inspector.open(other.folder, "cpu").inspect(frame_of(image))
        assert first.score == again.score
        assert first.regions == again.regions
        assert first.map is not None and again.map is not None
        np.testing.assert_array_equal(first.map, again.map)


def test_the_manifest_is_read_as_it_was_written(release: Release) -> None:
    assert open_release(release.folder).manifest == the_release().manifest


def test_a_folder_holds_a_manifest_and_safetensors_only(release: Release) -> None:
    names = {path.name for path in release.folder.iterdir()}
    assert names == {MANIFEST} | {f"{h}.safetensors" for h in release.manifest.blobs.values()}
    for path in release.folder.glob("*.safetensors"):
        data = path.read_bytes()
        assert safetensors.torch.load(data)
        assert not data.startswith((b"\x80", b"PK")), "a pickle, or a torch archive with one"


def test_its_size_is_that_of_its_files(release: Release) -> None:
    assert release.size_bytes() == sum(p.stat().st_size for p in release.folder.iterdir())


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "reject limit": lambda m: m["limits"].update(t2=m["limits"]["t2"] * 2),
    "review limit": lambda m: m["limits"].update(t1=0.0),
    "pixel limit": lambda m: m["limits"].update(pixel=9.0),
    "fitted limits": lambda m: m["fitted_limits"].update(t2=9.0),
    "parameters": lambda m: m["parameters"].update(neighbours=3),
    "size": lambda m: m["preprocessing"].update(size=96),
    "roi": lambda m: m["preprocessing"].update(roi={"x": 0, "y": 0, "width": 9, "height": 9}),
    "rule": lambda m: m["rule"].update(kind="score or region"),
    "weights": lambda m: m["backbone"].update(weights_sha256="0" * 64),
    "tolerance": lambda m: m["reference"].update(tolerance=1e9),
    "versions": lambda m: m["versions"].update(torch="1.0"),
    "blob": lambda m: m["blobs"].update(method=m["blobs"]["references"]),
    "seed": lambda m: m.update(seed=7),
    "id": lambda m: m.update(id="0123456789abcdef"),
    "reason": lambda m: m.update(reason="better"),
    "picture": lambda m: m["pictures"][0].update(sha256="0" * 64),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_manifest_is_refused(release: Release, what: str) -> None:
    path = release.folder / MANIFEST
    content = json.loads(path.read_bytes())
    CHANGES[what](content)
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"changed after it was written.*Import the release again"):
        open_release(release.folder)


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a field is missing": (lambda m: m.pop("limits"), "damaged at 'limits'"),
    "a field is unknown": (lambda m: m.update(extra=1), "damaged at 'extra'"),
    "a limit is text": (lambda m: m["limits"].update(t2="high"), "damaged at 'limits.t2'"),
    "T1 above T2": (lambda m: m["limits"].update(t1=1e9), "damaged at 'limits"),
    "a method nobody knows": (lambda m: m.update(method="magic"), "damaged at 'method'"),
    "a newer format": (lambda m: m.update(version=FORMAT_VERSION + 1), "Update Loupe"),
    "another program's": (lambda m: m.update(format="pizza"), "holds no Loupe release"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_manifest_that_makes_no_sense_is_refused(release: Release, what: str) -> None:
    change, sentence = BROKEN[what]
    path = release.folder / MANIFEST
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=sentence):
        open_release(release.folder)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b'"loupe release"', b"null", b"[" * 100_000],
    ids=["empty", "cut off", "binary", "list", "text", "null", "deep"],
)
def test_foreign_json_is_refused(release: Release, data: bytes) -> None:
    (release.folder / MANIFEST).write_bytes(data)
    with pytest.raises(ModelError, match=r"no JSON|no Loupe release"):
        open_release(release.folder)


def test_a_manifest_cut_anywhere_is_refused(release: Release) -> None:
    path = release.folder / MANIFEST
    whole = path.read_bytes()
    for end in range(0, len(whole) - 2, 97):
        path.write_bytes(whole[:end])
        with pytest.raises(ModelError):
            open_release(release.folder)


@pytest.mark.parametrize("place", ["nothing there", "a file", "an empty folder"])
def test_what_is_no_release_folder_is_refused(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "r"
    if place == "a file":
        folder.write_text("hello")
    if place == "an empty folder":
        folder.mkdir()
    with pytest.raises(ModelError, match=r"holds no release.*Choose a release folder"):
        open_release(folder)


@pytest.mark.parametrize("name", ["method", "references"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "replaced", "flipped", "a folder"])
def test_a_damaged_blob_is_refused(release: Release, name: str, damage: str) -> None:
    path = _blob(release, name)
    data = bytearray(path.read_bytes())
    path.unlink()
    match damage:
        case "truncated":
            path.write_bytes(data[:-7])
        case "replaced":
            other = release.manifest.blobs["references" if name == "method" else "method"]
            shutil.copy(release.blob_path(other), path)
        case "flipped":
            data[-1] ^= 1
            path.write_bytes(data)
        case "a folder":
            path.mkdir()
    with pytest.raises(ModelError, match="Import the release again"):
        Inspector.open(release, "cpu")


def test_a_blob_that_may_not_be_read_is_a_sentence(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ModelError, match=r"Permission denied.*Check the disk"):
        release.tensors("method")


def test_a_blob_that_is_no_safetensors_file_is_refused(release: Release, tmp_path: Path) -> None:
    content = b"hello"
    sha256 = hashlib.sha256(content).hexdigest()
    (release.folder / f"{sha256}.safetensors").write_bytes(content)
    blobs = release.manifest.blobs | {"method": sha256}
    manifest = release.manifest.model_copy(update={"blobs": blobs}).sealed()
    (release.folder / MANIFEST).write_bytes(manifest.to_bytes())
    with pytest.raises(ModelError, match="no safetensors file"):
        Inspector.open(release.folder, "cpu")


@pytest.mark.parametrize("what", ["file", "folder with something in it"])
def test_nothing_is_overwritten(tmp_path: Path, what: str) -> None:
    target = tmp_path / "r"
    inside = target if what == "file" else target / "notes.txt"
    inside.parent.mkdir(exist_ok=True)
    inside.write_text("mine")
    with pytest.raises(ModelError, match="exists already"):
        write_release(the_release(), target)
    assert inside.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    assert write_release(the_release(), tmp_path / "r").id == the_release().manifest.id


def test_the_current_folder_is_used_when_it_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r").mkdir()
    monkeypatch.chdir(tmp_path / "r")
    write_release(the_release(), Path())
    assert open_release(tmp_path / "r").id == the_release().manifest.id


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    written = 0
    write = release_folder._write_synced

    def fail(path: Path, data: bytes) -> None:
        nonlocal written
        written += 1
        if written == failing:
            path.write_bytes(data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(release_folder, "_write_synced", fail)
    with pytest.raises(ModelError, match=r"No space left on device.*free disk space"):
        write_release(the_release(), tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="could not be written"):
        write_release(the_release(), tmp_path / "file" / "r")
