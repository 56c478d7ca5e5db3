from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from engine.errors import ModelError
from engine.releases.blobs import StoredBlob, content_of, pieces_of, read_tensors
from engine.releases.folder import FittedRelease, write_release
from engine.releases.library import Library
from tests.small_parts import the_release

TENSORS = {
    "half": torch.arange(7, dtype=torch.float16),
    "numbers": torch.arange(6, dtype=torch.int64).reshape(2, 3),
    "brain": torch.ones(3, dtype=torch.bfloat16),
    "single": torch.linspace(0, 1, 10).reshape(5, 2),
    "alone": torch.tensor(3.5, dtype=torch.float64),
    "bytes": torch.arange(5, dtype=torch.uint8),
    "none": torch.empty(0, 4),
    "turned": torch.arange(6.0).reshape(2, 3).T,
}


def stored(tensors: dict[str, Tensor], folder: Path) -> Path:
    """Write a blob as a large one is written."""
    content = b"".join(pieces_of(content_of(tensors, large_bytes=0)))
    path = folder / f"{hashlib.sha256(content).hexdigest()}.safetensors"
    path.write_bytes(content)
    return path


def test_a_large_one_is_the_same_file_to_every_reader(tmp_path: Path) -> None:
    path = stored(TENSORS, tmp_path)
    for read in (
        safetensors.torch.load_file(path),
        safetensors.torch.load(path.read_bytes()),
        read_tensors(path, large_bytes=0),
        read_tensors(path),
    ):
        assert read.keys() == TENSORS.keys()
        for name, tensor in TENSORS.items():
            assert read[name].dtype == tensor.dtype and torch.equal(read[name], tensor)


def test_it_is_cut_into_pieces_whatever_its_size() -> None:
    tensors = {"large": torch.arange(5_000_000, dtype=torch.float32)}
    for large_bytes in (0, 2**30):
        pieces = list(pieces_of(content_of(tensors, large_bytes=large_bytes)))
        assert max(map(len, pieces)) <= 2**24 < sum(map(len, pieces))


def test_a_large_one_lies_on_the_disk(tmp_path: Path) -> None:
    path = stored({"rows": torch.zeros(1000)}, tmp_path)
    mapped, whole = read_tensors(path, large_bytes=0)["rows"], read_tensors(path)["rows"]
    with path.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\x80\x3f")  # 1.0
    assert float(mapped[-1]) == 1 and float(whole[-1]) == 0


@pytest.mark.parametrize("large_bytes", [0, 2**30])
def test_what_was_changed_is_refused(tmp_path: Path, large_bytes: int) -> None:
    path = stored(TENSORS, tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ModelError, match="its hash is not its name"):
        read_tensors(path, large_bytes=large_bytes)
    with pytest.raises(ModelError, match="cannot be read"):
        read_tensors(tmp_path / "missing.safetensors", large_bytes=large_bytes)


@pytest.mark.parametrize("where", ["folder", "library"])
def test_a_release_with_a_large_one_is_kept_whole(tmp_path: Path, where: str) -> None:
    fitted = the_release()
    sha256 = fitted.manifest.blobs["method"]
    elsewhere = tmp_path / f"{sha256}.safetensors"
    content = fitted.blobs[sha256]
    assert isinstance(content, bytes)
    elsewhere.write_bytes(content)
    large = FittedRelease(fitted.manifest, {**fitted.blobs, sha256: StoredBlob(elsewhere)})
    if where == "folder":
        kept = write_release(large, tmp_path / "plate")
    else:
        kept = Library(tmp_path / "library").add(large)
    assert kept.blob_path(sha256).read_bytes() == content
