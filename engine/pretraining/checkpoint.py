"""Where a pretraining stands, in one file that is there whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from engine.errors import WeightsError
from engine.pretraining.plan import Plan
from engine.pretraining.validation import Figures, Trial
from engine.releases.folder import write_whole


class Measured(BaseModel):
    """What a validation gave after some steps, and what those steps came to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    figures: Figures
    loss: float
    """Mean of the steps since the last validation, or since the training was taken up."""
    found: float
    """Of the same steps: share of damages that beat every good patch of their part."""


class Progress(BaseModel):
    """How far a pretraining has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: Plan
    trial: Trial
    device: str
    """Kind of device; another kind draws other numbers."""
    step: int = 0
    seconds: float = 0.0
    """Of all sittings together."""
    gabor: Figures
    """Of the Gabor stack itself, on the same validation."""
    history: tuple[Measured, ...] = ()


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Progress with the tensors of `Training.state`."""

    progress: Progress
    tensors: dict[str, Tensor]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in place of the last one.

    Raises
    ------
    OSError
        It cannot be written; the last one is still there.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()
    }
    progress = checkpoint.progress.model_dump_json()
    write_whole(path, safetensors.torch.save(tensors, {"progress": progress}))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `write_checkpoint` wrote.

    Raises
    ------
    WeightsError
        There is none, or it is damaged or of another version.
    """
    if not path.is_file():
        raise WeightsError(
            f"{path.parent} holds no pretraining to go on with: {path.name} is not there. "
            "Name the folder of one, or leave out --resume to begin anew."
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            progress = Progress.model_validate_json((file.metadata() or {}).get("progress", ""))
            # Copies: a mapped file cannot be replaced on Windows.
            tensors = {name: file.get_tensor(name).clone() for name in sorted(file.keys())}
            return Checkpoint(progress, tensors)
    except (safetensors.SafetensorError, ValidationError) as error:
        raise WeightsError(
            f"The checkpoint {path} is damaged or of another version of Loupe. "
            "Begin anew in another folder."
        ) from error
