"""Weights a person imported under a name: converted once, hashed, and checked before use.

Each lies in a folder of its own, ``NAME/NAME.safetensors`` beside ``NAME/record.json``, which
appears whole or not at all. Only plain tensors are ever read, and after the import no pickle is.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.components.backbone import Backbone, fill_backbone, strides_of
from engine.components.built_in import Stack
from engine.components.chain import all_levels
from engine.components.weights import COUNTER, Weights, read_weights
from engine.components.weights_features import LayerSums, check_same, sums_of
from engine.components.weights_misfit import misfit
from engine.errors import WeightsError

RECORD = "record.json"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_WORDS = frozenset({"builtin", "timm", *Stack})
"""What `--weights` and `--backbone` understand already."""
_DEVICES_OF_WINDOWS = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
_CPU = torch.device("cpu")


class InstalledWeights(BaseModel):
    """What is noted about weights at their import."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["loupe weights"] = "loupe weights"
    version: Literal[1] = 1
    name: str
    model: str
    """The backbone's name in timm, without the tag of a training."""
    origin: str
    """Name of the file that was imported."""
    origin_sha256: str
    sha256: str
    """Of the .safetensors file made from it."""
    imported_at: datetime
    n_tensors: int
    n_left_out: int
    """Tensors of the origin that give no features: the classifier."""
    features: tuple[LayerSums, ...]


def is_name(wish: str) -> bool:
    """Tell whether `wish` may be a name: it has no dot, so that no file's name is taken for one."""
    return bool(_NAME.fullmatch(wish)) and wish not in _WORDS | _DEVICES_OF_WINDOWS


class WeightsLibrary:
    """The imported weights in one folder; it need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Give the names of all weights, damaged ones too, in alphabetic order."""
        return sorted(path.parent.name for path in self._folder.glob(f"[!.]*/{RECORD}"))

    def path(self, name: str) -> Path:
        """Give the place of the tensors of this name."""
        return self._folder / name / f"{name}.safetensors"

    def record(self, name: str) -> InstalledWeights:
        """Read what was noted at the import.

        Raises
        ------
        WeightsError
            There are no weights of this name (the sentence names those there are), or the record is
            damaged.
        """
        if name not in self.names():
            names = ", ".join(self.names()) or "none yet; `loupe weights import` brings some in"
            raise WeightsError(
                f"This station has no weights named {name!r}. Imported are: {names}."
            )
        try:
            record = InstalledWeights.model_validate_json(
                (self._folder / name / RECORD).read_bytes()
            )
        except (OSError, ValidationError) as error:
            raise WeightsError(
                f"The record of the weights {name!r} is damaged. {self._again(name)}"
            ) from error
        if record.name != name:
            raise WeightsError(
                f"The weights {name!r} were imported as {record.name!r}: their folder was renamed. "
                f"Name the folder {self._folder / name} as it was."
            )
        return record

    def checked(self, name: str) -> InstalledWeights:
        """Read the record and check the hash of the tensors; what a fit asks for.

        Raises
        ------
        WeightsError
            There are none of this name, or they were changed, cut off or cannot be read.
        """
        record = self.record(name)
        try:
            with self.path(name).open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise WeightsError(
                f"The weights {name!r} cannot be read ({error.strerror}). {self._again(name)}"
            ) from error
        if sha256 != record.sha256:
            raise WeightsError(
                f"The weights {name!r} were changed or cut off since their import: the hash of "
                f"{self.path(name)} is another. {self._again(name)}"
            )
        return record

    def verify(self, name: str) -> InstalledWeights:
        """Check everything: hash, form, fit to the model, and what this PC computes with them.

        Raises
        ------
        EngineError
            The first thing that is wrong.
        """
        record = self.checked(name)
        backbone = _filled(record.model, read_weights(self.path(name)))
        check_same(record.features, sums_of(backbone))
        return record

    def add(self, file: Path, *, model: str, name: str | None = None) -> InstalledWeights:
        """Import a .pth or .safetensors file of a timm or torchvision network.

        Parameters
        ----------
        file
            Read as plain tensors; nothing else in it is unpickled.
        model
            The network's name in timm, with or without a tag.
        name
            Under which to keep them; None: the model's. The same file under the same name again
            changes nothing.

        Raises
        ------
        RecipeError
            timm has no CNN of this name.
        WeightsError
            The file is damaged or of another network, the name is no name or is taken, or the
            folder cannot be written.
        """
        strides_of(model)  # an unknown one is said before a large file is read
        model = model.partition(".")[0]
        name = model if name is None else name
        if not is_name(name):
            raise WeightsError(
                f"{name!r} cannot be a name of weights. Give --name up to 64 of a-z, 0-9, - and _, "
                f"beginning with a letter or digit, and none of {', '.join(sorted(_WORDS))}."
            )
        read = read_weights(file)
        if (self._folder / name).exists():
            return self._same_again(name, read, model)
        backbone = _filled(model, read)
        tensors = {key: t for key, t in backbone.state().items() if not key.endswith(COUNTER)}
        data = safetensors.torch.save(tensors)
        record = InstalledWeights(
            name=name,
            model=model,
            origin=read.origin,
            origin_sha256=read.sha256,
            sha256=hashlib.sha256(data).hexdigest(),
            imported_at=datetime.now(UTC),
            n_tensors=len(tensors),
            n_left_out=sum(not key.endswith(COUNTER) for key in read.tensors) - len(tensors),
            features=sums_of(backbone),
        )
        self._write(record, data)
        return record

    def _same_again(self, name: str, read: Weights, model: str) -> InstalledWeights:
        if name not in self.names():
            raise WeightsError(
                f"{self._folder / name} is there and holds no weights. "
                "Remove it, or give another --name."
            )
        there = self.record(name)
        if (there.origin_sha256, there.model) == (read.sha256, model):
            return self.verify(name)
        raise WeightsError(
            f"The name {name!r} is taken by {there.origin} for {there.model}, imported on "
            f"{there.imported_at:%Y-%m-%d}. Weights are never replaced: give another --name."
        )

    def _write(self, record: InstalledWeights, data: bytes) -> None:
        partial = self._folder / f".{record.name}.partial-{os.getpid()}"
        try:
            partial.mkdir(parents=True)
            _write_synced(partial / self.path(record.name).name, data)
            _write_synced(partial / RECORD, (record.model_dump_json(indent=1) + "\n").encode())
            partial.rename(self._folder / record.name)
        except OSError as error:
            raise WeightsError(
                f"The weights could not be written to {self._folder / record.name} "
                f"({error.strerror}). Check the rights and the free disk space."
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _again(self, name: str) -> str:
        return f"Remove the folder {self._folder / name} and import them again."


def _filled(model: str, read: Weights) -> Backbone:
    """Open all layers of `model` on the processor; its head only where the file has one.

    Raises
    ------
    WeightsError
        The weights are another network's; the sentence counts what does not fit.
    """
    layers, levels = tuple(strides_of(model)), all_levels(model)
    if levels and set(layers) <= set(levels):
        with suppress(WeightsError):
            return fill_backbone(model, read, layers=levels, device=_CPU)
    try:
        return fill_backbone(model, read, layers=layers, device=_CPU)
    except WeightsError as error:
        raise WeightsError(misfit(read, model)) from error


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
