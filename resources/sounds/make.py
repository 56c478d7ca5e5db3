"""Writes the three sounds beside this file: ``python resources/sounds/make.py``.

Each differs from the others in rhythm as well as pitch, so that it is told apart over noise and by
people who hear high tones badly; their keynotes lie between 300 and 900 Hz, which small speakers
reach.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22_050
PEAK = 0.8
EDGE_S = 0.008
"""Rise and fall of each tone: without them it would click."""

Samples = NDArray[np.float64]


def tone(from_hz: float, to_hz: float, *, seconds: float, overtones: int = 2) -> Samples:
    """Make a tone that glides, (n,) float64 within -1 and 1."""
    n = round(seconds * RATE_HZ)
    phase = 2 * np.pi * np.cumsum(np.linspace(from_hz, to_hz, n)) / RATE_HZ
    samples = sum(np.sin((k + 1) * phase) / (k + 1) ** 1.5 for k in range(overtones + 1))
    edge = np.clip(np.arange(n) / (EDGE_S * RATE_HZ), 0, 1)
    shaped: Samples = samples * edge * edge[::-1]
    return shaped / np.abs(shaped).max()


def silence(seconds: float) -> Samples:
    """Make a pause."""
    return np.zeros(round(seconds * RATE_HZ))


SOUNDS = {
    # One high tone, one low: a part is out.
    "ng": (tone(880, 880, seconds=0.14), silence(0.03), tone(554, 554, seconds=0.2)),
    # Three short ones, rough: a part could not be inspected.
    "fault": (
        *(tone(440, 440, seconds=0.09, overtones=6), silence(0.06)) * 3,
        tone(330, 330, seconds=0.16, overtones=6),
    ),
    # Up and down, slowly, twice: no pictures come in.
    "lost": (tone(330, 740, seconds=0.4), tone(740, 330, seconds=0.4)) * 2,
}


def write(path: Path, samples: Samples) -> None:
    """Write 16 bits, one channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((PEAK * 32767 * samples).astype("<i2").tobytes())


if __name__ == "__main__":
    for name, parts in SOUNDS.items():
        write(Path(__file__).with_name(f"{name}.wav"), np.concatenate(parts))
