"""The backbones that come with the program: what they are called, that they are whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from engine.components import built_in
from engine.components.backbone import adapted_backbone, open_backbone, reopen_backbone
from engine.components.built_in import HEAD_STRIDES, Stack, open_stack, stack_named
from engine.components.learned_stack import LearnedStack, stack_bytes
from engine.components.metric_head import MetricHead
from engine.errors import WeightsError
from engine.pretraining.model_card import ModelCard

CPU = torch.device("cpu")
BATCH = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
SHIPPED = Path(str(files("resources"))) / "weights"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the shipped weights that a test may damage."""
    copy = tmp_path / "weights"
    shutil.copytree(SHIPPED, copy)
    monkeypatch.setattr(built_in, "files", lambda _: tmp_path)
    built_in._shipped.cache_clear()
    yield copy
    built_in._shipped.cache_clear()


def test_the_alias_and_the_names() -> None:
    assert stack_named("builtin") is built_in.BUILTIN
    assert [stack_named(name) for name in ("gabor", "learned")] == [Stack.GABOR, Stack.LEARNED]
    assert stack_named("resnet18") is None


def test_the_shipped_weights_are_those_of_their_card() -> None:
    data = (SHIPPED / "learned.safetensors").read_bytes()
    card = ModelCard.model_validate_json((SHIPPED / "learned.json").read_bytes())
    assert hashlib.sha256(data).hexdigest() == card.sha256
    assert len(data) <= 12_000_000
    assert card.figures.image_auroc > card.gabor.image_auroc


def test_its_levels_have_the_strides_asked_for() -> None:
    found = open_backbone("learned", weights="builtin", layers=("4", "8", "16"), device=CPU)
    assert found.layers == ("stride4", "stride8", "stride16")
    assert [level.shape[-1] for level in found(BATCH)] == [16, 8, 4]
    usual = open_backbone("learned", weights="builtin", layers=(), device=CPU)
    assert usual.layers == ("stride8", "stride16")


@pytest.mark.parametrize("stack", Stack)
@pytest.mark.parametrize("adapted", [False, True])
def test_a_release_opens_it_again_from_what_it_keeps(stack: Stack, adapted: bool) -> None:
    found = open_backbone(stack, weights="builtin", layers=(), device=CPU)
    if adapted:
        found = adapted_backbone(open_stack(stack, HEAD_STRIDES), MetricHead(8), device=CPU)
    again = reopen_backbone(
        found.name,
        layers=found.layers,
        origin=found.weights_origin,
        sha256=found.weights_sha256,
        state=found.state(),
        device=CPU,
    )
    assert all(map(torch.equal, again(BATCH), found(BATCH)))
    assert (again.is_adapted, found.name.endswith("-adapted")) == (adapted, adapted)


def test_a_release_does_not_depend_on_the_weights_of_the_installation(elsewhere: Path) -> None:
    found = open_backbone("learned", weights="builtin", layers=(), device=CPU)
    kept = found.state()
    (elsewhere / "learned.safetensors").unlink()
    built_in._shipped.cache_clear()
    again = reopen_backbone(
        "learned",
        layers=found.layers,
        origin="builtin",
        sha256=found.weights_sha256,
        state=kept,
        device=CPU,
    )
    assert all(map(torch.equal, again(BATCH), found(BATCH)))
    kept["stages.8.scale"] = kept["stages.8.scale"] + 1
    with pytest.raises(WeightsError, match="fit it again"):
        reopen_backbone(
            "learned",
            layers=found.layers,
            origin="builtin",
            sha256=found.weights_sha256,
            state=kept,
            device=CPU,
        )


@pytest.mark.parametrize("damage", ["cut off", "changed", "missing", "no card"])
def test_damaged_weights_are_one_sentence(elsewhere: Path, damage: str) -> None:
    file = elsewhere / "learned.safetensors"
    if damage == "cut off":
        file.write_bytes(file.read_bytes()[:-9])
    elif damage == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    elif damage == "missing":
        file.unlink()
    else:
        (elsewhere / "learned.json").write_text(json.dumps({"sha": ""}))
    with pytest.raises(WeightsError, match=r"damaged or not all there.*--backbone gabor"):
        open_stack(Stack.LEARNED, (8,))


def test_weights_of_one_s_own_pretraining_are_taken_by_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    stack = LearnedStack()
    torch.nn.init.normal_(stack.stages["8"].correct.weight)
    (tmp_path / "mine.safetensors").write_bytes(stack_bytes(stack))
    file = str(tmp_path / "mine.safetensors")
    found = open_backbone("learned", weights=file, layers=("8",), device=CPU)
    assert found.weights_origin == "mine.safetensors"
    shipped = open_backbone("learned", weights="builtin", layers=("8",), device=CPU)
    assert not torch.equal(found(BATCH)[0], shipped(BATCH)[0])
    with pytest.raises(WeightsError, match="cannot be read"):
        open_backbone("learned", weights="nowhere.pth", layers=(), device=CPU)
