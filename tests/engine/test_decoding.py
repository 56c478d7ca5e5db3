from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.decoding import decode
from engine.errors import PictureError
from tests.engine.picture_files import (
    ORIENTATION,
    saved,
    scene,
    sixteen_bit_png,
    sixteen_bit_tiff,
    turned,
)

KINDS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
TURNS = range(1, 9)


def upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """Turn by Pillow's own reading of the tag, channel by channel."""
    planes = samples[:, :, None] if samples.ndim == 2 else samples
    moved = []
    for plane in np.moveaxis(planes, 2, 0):
        image = PIL.Image.fromarray(plane.astype(np.int32))
        image.getexif()[ORIENTATION] = orientation
        moved.append(np.asarray(PIL.ImageOps.exif_transpose(image)))
    return np.stack(moved, axis=2)


class TestFormats:
    @pytest.mark.parametrize("kind", ["BMP", "PNG", "TIFF"])
    def test_lossless_formats_come_back_exactly(self, kind: str) -> None:
        assert np.array_equal(decode(saved(scene(), kind), "part"), scene())

    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    def test_lossy_formats_come_back_closely(self, kind: str) -> None:
        difference = decode(saved(scene(), kind, quality=95), "part").astype(int) - scene()
        assert np.abs(difference).mean() < 3

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_format_gives_contiguous_rgb(self, kind: str) -> None:
        image = decode(saved(scene(), kind), "part")
        assert image.shape == (48, 64, 3)
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous

    @pytest.mark.parametrize("kind", ["BMP", "JPEG", "PNG", "TIFF"])
    def test_grey_gives_three_equal_channels(self, kind: str) -> None:
        image = decode(saved(scene()[:, :, 0], kind), "part")
        assert image.shape == (48, 64, 3)
        assert np.array_equal(image[:, :, 0], image[:, :, 1])
        assert np.array_equal(image[:, :, 0], image[:, :, 2])

    def test_black_and_white_is_0_and_255(self) -> None:
        page = PIL.Image.fromarray(scene()).convert("1")
        for kind in ("PNG", "TIFF"):
            assert set(np.unique(decode(saved(page, kind), "page"))) == {0, 255}

    def test_palette_gives_its_colours(self) -> None:
        few = PIL.Image.fromarray(scene()).quantize(16)
        assert np.array_equal(decode(saved(few, "PNG"), "part"), np.asarray(few.convert("RGB")))

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_cmyk_gives_its_colours(self, kind: str) -> None:
        image = decode(saved(PIL.Image.fromarray(scene()).convert("CMYK"), kind), "print")
        assert np.abs(image.astype(int) - scene()).mean() < 3

    def test_an_animation_gives_its_first_frame(self) -> None:
        frames = [PIL.Image.fromarray(scene(seed=seed)) for seed in (1, 2)]
        for kind, options in (("WEBP", {"lossless": True}), ("PNG", {})):
            data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
            assert np.array_equal(decode(data, "animation"), scene(seed=1))

    def test_the_suffix_is_not_trusted(self) -> None:
        assert decode(saved(scene(), "BMP"), "part.jpg").shape == (48, 64, 3)


class TestAlpha:
    def test_transparent_places_turn_black(self) -> None:
        alpha = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
        expected = np.rint(scene() * (alpha[:, :, None] / 255.0))
        data = saved(np.dstack([scene(), alpha]), "PNG")
        assert np.abs(decode(data, "part") - expected).max() <= 1

    def test_a_transparent_palette_colour_turns_black(self) -> None:
        few = PIL.Image.fromarray(scene()).quantize(8)
        image = decode(saved(few, "PNG", transparency=3), "part")
        assert not image[np.asarray(few) == 3].any()

    def test_sixteen_bits_with_alpha(self) -> None:
        samples = np.full((5, 7, 4), 65535, np.uint16)
        samples[:, :, 3] = 257 * 51
        assert np.unique(decode(sixteen_bit_png(samples), "part")).tolist() == [51]


class TestSixteenBits:
    def test_every_value_is_divided_by_257_and_rounded(self) -> None:
        samples = np.arange(65536, dtype=np.uint16).reshape(256, 256)
        expected = np.rint(samples / 257).astype(np.uint8)
        for data in (sixteen_bit_png(samples), sixteen_bit_tiff(samples)):
            assert np.array_equal(decode(data, "part")[:, :, 1], expected)

    @settings(max_examples=25, deadline=None)
    @given(arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)))
    def test_no_picture_is_stretched_to_its_own_minimum_and_maximum(self, grey: np.ndarray) -> None:
        colours = np.dstack([grey, grey[::-1], 65535 - grey])
        expected = np.rint(colours / 257)
        for data in (sixteen_bit_png(colours), sixteen_bit_tiff(colours)):
            assert np.array_equal(decode(data, "part"), expected)

    def test_a_tiff_whose_zero_is_white_is_turned_round(self) -> None:
        samples = np.arange(0, 60000, 1000, dtype=np.uint16).reshape(6, 10)
        image = decode(sixteen_bit_tiff(samples, white_is_zero=True), "film")
        assert np.array_equal(image[:, :, 0], np.rint((65535 - samples.astype(int)) / 257))


class TestOrientation:
    @pytest.mark.parametrize("orientation", TURNS)
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
    def test_is_applied(self, kind: str, orientation: int) -> None:
        options: dict[str, object] = {"exif": turned(orientation)}
        if kind == "TIFF":
            options = {"tiffinfo": {ORIENTATION: orientation}}
        plain = decode(saved(scene(), kind), "part")
        image = decode(saved(scene(), kind, **options), "part")
        assert np.array_equal(image, upright(plain, orientation))

    @pytest.mark.parametrize("orientation", TURNS)
    def test_is_applied_to_sixteen_bit_tiffs(self, orientation: int) -> None:
        grey = np.random.default_rng(0).integers(0, 65536, (5, 7)).astype(np.uint16)
        for samples in (grey, np.dstack([grey, grey // 2, grey // 3])):
            image = decode(sixteen_bit_tiff(samples, orientation=orientation), "part")
            expected = upright(np.rint(samples / 257), orientation)
            assert np.array_equal(image, np.broadcast_to(expected, image.shape))

    def test_is_applied_to_sixteen_bit_pngs(self) -> None:
        samples = np.arange(2 * 3 * 3, dtype=np.uint16).reshape(2, 3, 3) * 3000
        data = sixteen_bit_png(samples)
        body = turned(6).tobytes().removeprefix(b"Exif\0\0")
        chunk = b"eXIf" + body
        chunk = struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        image = decode(data[:33] + chunk + data[33:], "part")  # IHDR ends at byte 33
        assert np.array_equal(image, upright(np.rint(samples / 257), 6))


class TestRefusals:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
    def test_cut_short(self, kind: str, share: float) -> None:
        data = saved(scene(), kind)
        with pytest.raises(PictureError, match=r"part 7\.x"):
            decode(data[: int(share * len(data))], "part 7.x")

    @pytest.mark.parametrize("missing", [1, 2, 5, 20])
    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_a_missing_last_byte_shows(self, kind: str, missing: int) -> None:
        with pytest.raises(PictureError, match="cut short"):
            decode(saved(scene(), kind)[:-missing], "part")

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_half_copied_jpeg_whose_space_was_reserved(self, progressive: bool) -> None:
        data = saved(scene(), "JPEG", progressive=progressive)
        with pytest.raises(PictureError, match="cut short"):
            decode(data[: len(data) // 2] + bytes(len(data) // 2), "part")

    def test_the_end_of_a_preview_is_not_the_end_of_the_picture(self) -> None:
        preview = saved(scene(height=12, width=16), "JPEG")
        comment = b"\xff\xe5" + struct.pack(">H", len(preview) + 2) + preview
        data = saved(scene(), "JPEG")
        whole = data[:2] + comment + data[2:]
        assert decode(whole, "part").shape == (48, 64, 3)
        with pytest.raises(PictureError, match="cut short"):
            decode(whole[:-40], "part")

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "part is empty"),
            (b"<html>not found</html>", "part is no picture"),
            (b"\x89PNG\r\n\x1a\n", "part is no picture"),
            (b"%PDF-1.7 ...", "part is no picture"),
        ],
    )
    def test_foreign_bytes(self, data: bytes, sentence: str) -> None:
        with pytest.raises(PictureError, match=sentence):
            decode(data, "part")

    @pytest.mark.parametrize("value", [np.nan, 0.5])
    def test_floating_point_pictures(self, value: float) -> None:
        data = saved(np.full((4, 4), value, np.float32), "TIFF")
        with pytest.raises(PictureError, match="floating-point"):
            decode(data, "part")

    @pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (13_100, 13_000)])
    def test_a_decompression_bomb_is_refused_unopened(self, width: int, height: int) -> None:
        stream = io.BytesIO(b"\x89PNG\r\n\x1a\n")
        stream.seek(0, io.SEEK_END)
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
            check = struct.pack(">I", zlib.crc32(name + body))
            stream.write(struct.pack(">I", len(body)) + name + body + check)
        with pytest.raises(PictureError, match="170 megapixels"):
            decode(stream.getvalue(), "part")


FILES: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: saved(scene(), "JPEG", exif=turned(6)),
    "png": lambda: saved(scene(), "PNG", exif=turned(6)),
    "palette": lambda: saved(PIL.Image.fromarray(scene()).quantize(8), "PNG", transparency=0),
    "tiff": lambda: saved(scene(), "TIFF", tiffinfo={ORIENTATION: 6}),
    "lzw": lambda: saved(scene(), "TIFF", compression="tiff_lzw"),
    "gif": lambda: saved(scene(), "GIF"),
    "webp": lambda: saved(scene(), "WEBP", exif=turned(6)),
    "bmp": lambda: saved(scene(), "BMP"),
    "sixteen": lambda: sixteen_bit_tiff(cv2.cvtColor(scene(), cv2.COLOR_RGB2BGR).astype("u2")),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_bytes_are_a_picture_or_a_picture_error(
    kind: str, damage: list[tuple[float, int]]
) -> None:
    data = bytearray(FILES[kind]())
    for place, value in damage:
        data[int(place**3 * len(data))] = value  # mostly in the header, where it hurts
    try:
        image = decode(bytes(data), "part")
    except PictureError as error:
        assert str(error).startswith("part ")
    else:
        assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8
