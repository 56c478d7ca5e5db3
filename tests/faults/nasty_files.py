"""Drop files that are no proper pictures among good ones while the line runs.

``python -m tests.faults.nasty_files [--nasty 100 --good 200]``; a row for RESULTS.md. Each must end
as one verdict or one fault with a sentence, and no good picture may be missed because of them.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from engine.sources.simulator import simulated_part
from engine.synthetic.pictures import good_ring_pictures
from engine.types import Image
from tests.benchmarks.folder_run import LINE, loupe, save_line, save_pictures
from tests.benchmarks.results import append_row, provenance
from tests.faults.kill_nine import recorded

HEADING = "Nasty files among good ones"
GROWS_S = 3.0
SETTLED_AFTER_S = 2.5
"""By then a file was looked at twice, while one with the newest date still waits for its turn."""
DEADLINE_S = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nasty", type=int, default=100)
    parser.add_argument("--good", type=int, default=200)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        save_pictures(good_ring_pictures(30, seed=1), Path(scratch) / "good")
        release = Path(scratch) / "release"
        loupe("fit", "--images", str(Path(scratch) / "good"), "--out", str(release))
        ordeal = run(Path(scratch), release, nasty=chosen.nasty, good=chosen.good)
    row = ordeal.row() | provenance()
    print(json.dumps(row, indent=2, ensure_ascii=False))
    for name in sorted(ordeal.unanswered):
        print(f"neither verdict nor fault: {name!r}")
    for name, reason in sorted(ordeal.reasons.items()):
        print(f"{name!r}: {reason}")
    if not chosen.dry:
        append_row(HEADING, row)
    sys.exit(not ordeal.sound)


@dataclass
class Ordeal:
    """What became of the files."""

    good: int
    nasty: int
    unanswered: set[str]
    twice: int
    good_faults: int
    reasons: dict[str, str]
    """Why a nasty file is a fault, by name."""
    exit_code: int

    @property
    def sound(self) -> bool:
        """Tell whether nothing was missed, doubled, unexplained or stopped."""
        explained = all(self.reasons.values())
        wrong = self.unanswered or self.twice or self.good_faults or self.exit_code
        return not wrong and explained

    def row(self) -> dict[str, str]:
        """Give the figures as a row of RESULTS.md."""
        return {
            "command": f"`--nasty {self.nasty} --good {self.good}`",
            "nasty: verdicts": str(self.nasty - len(self.reasons) - len(self.unanswered)),
            "nasty: faults with a sentence": str(sum(map(bool, self.reasons.values()))),
            "unanswered": str(len(self.unanswered)),
            "twice": str(self.twice),
            "good ones that became faults": str(self.good_faults),
        }


def run(scratch: Path, release: Path, *, nasty: int, good: int) -> Ordeal:
    """Watch a folder of good pictures, drop the nasty ones into it, and read the record."""
    watched, data = scratch / "watched", scratch / "data"
    watched.mkdir()
    save_line(watched, good)
    good_names = {path.name for path in watched.iterdir()}
    kinds = [kind for kind in KINDS if os.name != "nt" or kind not in (_pipe, _loop, _dead_link)]
    command = (sys.executable, "-m", "workstation", "--headless", "--parts", str(good + nasty))
    station = ("--watch", str(watched), "--release", str(release), "--data-dir", str(data))
    with subprocess.Popen([*command, *station], stdout=subprocess.DEVNULL) as program:
        while not recorded(data) and program.poll() is None:
            time.sleep(0.01)
        dropped = {
            path.name: path
            for number in range(nasty)
            for path in kinds[number % len(kinds)](watched, number)
        }
        try:
            program.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            program.kill()
    rows = list(csv.DictReader(io.StringIO(loupe("records", "export", "--data-dir", str(data)))))
    counts = Counter(row["part_id"] for row in rows)
    faults = {row["part_id"]: row["fault_reason"] for row in rows if row["outcome"] == "fault"}
    return Ordeal(
        good=good,
        nasty=nasty,
        unanswered=(dropped.keys() | good_names) - counts.keys(),
        twice=sum(count - 1 for count in counts.values()),
        good_faults=len(faults.keys() & good_names),
        reasons={name: reason for name, reason in faults.items() if name in dropped},
        exit_code=program.returncode,
    )


def _picture(number: int) -> Image:
    """Draw a good part, so that it is the file that is nasty and not what it shows."""
    return simulated_part(LINE.model_copy(update={"defect_rate": 0.0}), 100_000 + number).image


def _encoded(number: int, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, _picture(number))[1].tobytes()


def _pillow(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _put(folder: Path, name: str, data: bytes) -> list[Path]:
    path = folder / name
    path.write_bytes(data)
    return [path]


def _empty(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} empty.png", b"")


def _cut_png(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} cut.png", _encoded(number)[:-700])


def _cut_jpeg(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} cut.jpg", _encoded(number, ".jpg")[:-300])


def _other_suffix(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} jpeg.png", _encoded(number, ".jpg"))


def _text(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} text.png", b"Dear colleague, the camera is broken." * 9)


def _folder(folder: Path, number: int) -> list[Path]:
    path = folder / f"{number} folder.png"
    path.mkdir()
    return [path]


def _pipe(folder: Path, number: int) -> list[Path]:
    path = folder / f"{number} pipe.png"
    os.mkfifo(path)
    return [path]


def _loop(folder: Path, number: int) -> list[Path]:
    path = folder / f"{number} loop.png"
    path.symlink_to(path)
    return [path]


def _dead_link(folder: Path, number: int) -> list[Path]:
    path = folder / f"{number} dead.png"
    path.symlink_to(folder / "nowhere")
    return [path]


def _one_pixel(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} pixel.png", cv2.imencode(".png", _picture(number)[:1, :1])[1])


def _sixteen_bit(folder: Path, number: int) -> list[Path]:
    deep = _picture(number).astype(np.uint16) * 257
    return _put(folder, f"{number} deep.png", cv2.imencode(".png", deep)[1].tobytes())


def _float_tiff(folder: Path, number: int) -> list[Path]:
    values = _picture(number)[..., 0].astype(np.float32)
    values[3, 4] = np.nan
    return _put(folder, f"{number} float.tif", _pillow(PIL.Image.fromarray(values), "TIFF"))


def _cmyk(folder: Path, number: int) -> list[Path]:
    image = PIL.Image.fromarray(_picture(number)).convert("CMYK")
    return _put(folder, f"{number} cmyk.jpg", _pillow(image, "JPEG"))


def _palette(folder: Path, number: int) -> list[Path]:
    image = PIL.Image.fromarray(_picture(number)).quantize(16)
    return _put(folder, f"{number} palette.png", _pillow(image, "PNG"))


def _turned(folder: Path, number: int) -> list[Path]:
    exif = PIL.Image.Exif()
    exif[274] = 6
    image = PIL.Image.fromarray(_picture(number))
    return _put(folder, f"{number} turned.jpg", _pillow(image, "JPEG", exif=exif))


def _animated(folder: Path, number: int) -> list[Path]:
    first, *others = (PIL.Image.fromarray(_picture(number + n)) for n in range(3))
    data = _pillow(first, "GIF", save_all=True, append_images=others)
    return _put(folder, f"{number} animated.gif", data)


def _bomb(folder: Path, number: int) -> list[Path]:
    """Claim 60 000 × 60 000 pixels in a few bytes."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return _put(folder, f"{number} bomb.png", data)


def _unicode(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"{number} Prüfstück № 七 🔧.png", _encoded(number))


def _spaces(folder: Path, number: int) -> list[Path]:
    return _put(folder, f"  {number}  a  b  .png", _encoded(number))


def _newline(folder: Path, number: int) -> list[Path]:
    name = f"{number} two lines.png" if os.name == "nt" else f"{number} two\nlines.png"
    return _put(folder, name, _encoded(number))


def _vanishing(folder: Path, number: int) -> list[Path]:
    """Be whole, wait for its turn, and be gone when it comes."""
    (path,) = _put(folder, f"{number} vanishing.png", _encoded(number))
    later = time.time() + 3600
    os.utime(path, (later, later))
    threading.Timer(SETTLED_AFTER_S, path.unlink).start()
    return [path]


def _growing(folder: Path, number: int) -> list[Path]:
    """Be copied slowly, with pauses."""
    path = folder / f"{number} growing.png"
    data = _encoded(number)

    def grow() -> None:
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(data), len(data) // 6 + 1):
                file.write(data[start : start + len(data) // 6 + 1])
                time.sleep(GROWS_S / 6)

    threading.Thread(target=grow).start()
    return [path]


KINDS: tuple[Callable[[Path, int], list[Path]], ...] = (
    _empty, _cut_png, _cut_jpeg, _other_suffix, _text, _folder, _pipe, _loop, _dead_link,
    _one_pixel, _sixteen_bit, _float_tiff, _cmyk, _palette, _turned, _animated, _bomb, _unicode,
    _spaces, _newline, _vanishing, _growing,
)  # fmt: skip


if __name__ == "__main__":
    main()
