"""The reference picture is the good one the release was fitted with, and it is whole."""

from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.releases.folder import write_release
from engine.releases.reference_picture import reference_picture
from tests.small_parts import SIZE, good_pictures, the_release


def test_it_is_one_of_the_good_pictures_as_the_backbone_saw_it(tmp_path: Path) -> None:
    release = write_release(the_release(), tmp_path / "release")
    square = reference_picture(release)
    assert square.shape == (SIZE, SIZE, 3)
    assert square.dtype == np.uint8
    preprocessing = release.manifest.preprocessing
    good = [preprocessing.square(picture.image) for picture in good_pictures()]
    assert any(np.array_equal(square, one) for one in good)
    assert not square.flags.writeable


def test_a_damaged_release_says_so(tmp_path: Path) -> None:
    release = write_release(the_release(), tmp_path / "release")
    blob = release.blob_path(release.manifest.blobs["references"])
    blob.write_bytes(blob.read_bytes()[:-1])
    with pytest.raises(ModelError, match="changed or cut off"):
        reference_picture(release)
