"""The station's releases: blobs once for all, and a damaged one is mended by importing again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.inspector import Inspector
from engine.releases import library as library_module
from engine.releases.folder import BLOBS, MANIFEST, FittedRelease, Release, write_release
from engine.releases.library import Library
from tests.small_parts import frame_of, good_image, spotted, the_release


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "releases")


@pytest.fixture
def exported(tmp_path: Path) -> Release:
    return write_release(the_release(), tmp_path / "stick" / "plate")


def _files(library: Library) -> set[str]:
    return {
        path.relative_to(library.folder).as_posix()
        for path in library.folder.rglob("*")
        if path.is_file()
    }


def test_added_it_is_a_manifest_and_shared_blobs(library: Library) -> None:
    release = library.add(the_release())
    blobs = {f"{BLOBS}/{sha256}.safetensors" for sha256 in the_release().blobs}
    assert _files(library) == {f"{release.id}/{MANIFEST}"} | blobs
    assert library.open(release.id) == release


def test_both_forms_open_the_same_way(library: Library, exported: Release) -> None:
    image = spotted(good_image(100))
    kept = library.add(the_release())
    scores = [
        Inspector.open(place, "cpu").inspect(frame_of(image)).score
        for place in (exported.folder, kept.folder)
    ]
    assert scores[0] == scores[1]
    assert exported.size_bytes() == kept.size_bytes()


def test_adding_twice_is_harmless(library: Library) -> None:
    assert library.add(the_release()) == library.add(the_release())
    assert len(library.all()) == 1


def test_imported_it_is_the_same_release(library: Library, exported: Release) -> None:
    release = library.import_from(exported.folder)
    assert (release.id, release.folder.parent) == (exported.id, library.folder)
    assert library.import_from(release.folder) == release, "from itself"


@pytest.mark.parametrize("name", ["method", "references"])
def test_import_checks_every_hash(library: Library, exported: Release, name: str) -> None:
    path = exported.blob_path(exported.manifest.blobs[name])
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(ModelError, match="its hash is not its name"):
        library.import_from(exported.folder)
    assert library.all() == []
    assert not library.folder.exists()


@pytest.mark.parametrize("what", ["blob", "manifest", "no manifest"])
def test_importing_again_mends_a_damaged_release(
    library: Library, exported: Release, what: str
) -> None:
    kept = library.import_from(exported.folder)
    damaged = kept.folder / MANIFEST
    if what == "blob":
        damaged = kept.blob_path(kept.manifest.blobs["method"])
    if what == "no manifest":
        damaged.unlink()
    else:
        damaged.write_bytes(damaged.read_bytes()[:-5])
    with pytest.raises(ModelError):
        Inspector.open(kept.folder, "cpu")
    library.import_from(exported.folder)
    assert Inspector.open(kept.folder, "cpu").release.id == exported.id


def test_moved_limits_copy_no_blob_and_cite_the_parent(library: Library) -> None:
    parent = library.add(the_release())
    before = _files(library)
    limits = parent.manifest.limits.moved_to(2 * parent.manifest.limits.t2)
    child = library.with_limits(parent, limits, reason="dust on the lens", person="Kim")
    assert _files(library) - before == {f"{child.id}/{MANIFEST}"}
    manifest = child.manifest
    assert (manifest.parent, manifest.limits, manifest.fitted_limits) == (
        parent.id,
        limits,
        parent.manifest.limits,
    )
    assert (manifest.reason, manifest.person) == ("dust on the lens", "Kim")
    assert Inspector.open(child, "cpu").inspect(frame_of(good_image(100))).limits == limits


def test_limits_of_a_release_elsewhere_are_not_moved(library: Library, exported: Release) -> None:
    with pytest.raises(ModelError, match="Import it first"):
        library.with_limits(exported, exported.manifest.limits, reason="", person="local")


def test_all_gives_the_newest_first_and_leaves_out_damaged_ones(library: Library) -> None:
    first = library.add(the_release())
    limits = first.manifest.limits
    second = library.with_limits(first, limits.moved_to(9.0), reason="a", person="local")
    third = library.with_limits(second, limits.moved_to(8.0), reason="b", person="local")
    assert [release.id for release in library.all()] == [third.id, second.id, first.id]
    (second.folder / MANIFEST).write_text("{}")
    assert [release.id for release in library.all()] == [third.id, first.id]
    (error,) = library.damaged()
    assert str(second.folder) in str(error)


def test_a_release_that_lost_its_manifest_is_damaged(library: Library) -> None:
    release = library.add(the_release())
    assert library.damaged() == []
    (release.folder / MANIFEST).unlink()
    assert library.all() == []
    (error,) = library.damaged()
    assert "import the release again, or name another with --release" in str(error)


def test_a_station_without_releases_has_none(library: Library) -> None:
    assert library.all() == []
    with pytest.raises(ModelError, match="holds no release"):
        library.open("0123456789abcdef")


def test_a_full_disk_leaves_no_manifest_and_no_half_blob(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.releases import folder

    def fail(path: Path, data: bytes) -> None:
        path.write_bytes(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "_write_synced", fail)
    with pytest.raises(ModelError, match=r"could not be kept.*No space left on device"):
        library.add(the_release())
    assert _files(library) == set()


def test_ids_differ_with_everything_that_is_said(library: Library) -> None:
    manifest = the_release().manifest
    later = manifest.model_copy(update={"created_at": manifest.created_at + timedelta(seconds=1)})
    release = library.add(FittedRelease(later.sealed(), the_release().blobs))
    assert release.id != manifest.id
    assert library_module.Library(library.folder).open(release.id) == release
