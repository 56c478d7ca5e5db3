"""What must be known of pretrained weights: what they saw, what was asked, what came out."""

from __future__ import annotations

import os
import platform

import torch
from pydantic import BaseModel, ConfigDict

from engine.pretraining.checkpoint import Measured
from engine.pretraining.plan import (
    HELD_OUT_FAMILIES,
    HELD_OUT_KINDS,
    TRAINING_FAMILIES,
    TRAINING_KINDS,
    Plan,
)
from engine.pretraining.validation import Figures, Trial

_DATA = (
    "Pictures drawn by this program from a seed (engine.synthetic.textures, "
    "engine.synthetic.damage). No photograph and none of the simulator's parts was seen."
)
_OBJECTIVE = (
    "In a memory bank of a part's other good pictures, damaged patches are to be farther from "
    "their nearest row than the hardest good patches (engine.pretraining.objective)."
)


class Seen(BaseModel):
    """Names of what was drawn for training, and of what was kept for the validation."""

    model_config = ConfigDict(frozen=True)

    description: str = _DATA
    textures: tuple[str, ...] = TRAINING_FAMILIES
    damage: tuple[str, ...] = TRAINING_KINDS
    held_out_textures: tuple[str, ...] = HELD_OUT_FAMILIES
    held_out_damage: tuple[str, ...] = HELD_OUT_KINDS


class Machine(BaseModel):
    """Where the last sitting ran."""

    model_config = ConfigDict(frozen=True)

    system: str
    processor: str
    cores: int
    threads: int
    device: str
    torch: str


class ModelCard(BaseModel):
    """Goes with the weights, as JSON."""

    model_config = ConfigDict(frozen=True)

    weights: str
    """File name."""
    sha256: str
    """Of the weights file."""
    architecture: str = (
        "Gabor stack, fixed; residual layers on it (engine.components.learned_stack)"
    )
    data: Seen = Seen()
    objective: str = _OBJECTIVE
    plan: Plan
    """With the seed."""
    steps: int
    """Taken; fewer than planned where the pretraining was ended early."""
    seconds: float
    machine: Machine
    trial: Trial
    gabor: Figures
    """The validation's figures of the Gabor stack alone."""
    figures: Figures
    """And of these weights, as they are in the file."""
    history: tuple[Measured, ...]
    """In training, before rounding to half precision."""


def this_machine(device: torch.device) -> Machine:
    """Describe the machine a pretraining runs on."""
    is_gpu = device.type == "cuda"
    return Machine(
        system=platform.platform(),
        processor=platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        device=torch.cuda.get_device_name(device) if is_gpu else device.type,
        torch=torch.__version__,
    )
