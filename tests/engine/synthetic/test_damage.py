"""Damage: local, graded by severity, of many sizes, the same by seed, grey on grey pictures."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.synthetic.damage.inflict import GREY, VISIBLE, inflict
from engine.synthetic.damage.kinds import KINDS
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.scenes import FAMILIES, draw_scenes

SIDE, COUNT = 64, 24


@pytest.fixture(scope="module")
def good() -> torch.Tensor:
    """Give 24 pictures of 12 parts."""
    draws = Draws(torch.device("cpu"), 0)
    scenes = draw_scenes(draws, parts=12, pictures=2, side=SIDE, families=list(FAMILIES))
    return scenes.clamp(0, 1).flatten(0, 1)


def damaged(
    good: torch.Tensor, kind: str, severity: float, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    draws = Draws(torch.device("cpu"), 1, seed)
    return inflict(draws, good, good.roll(2, 0), kinds=[kind], severity=(severity, severity))


@pytest.mark.parametrize("kind", KINDS)
def test_it_changes_the_picture_inside_its_mask_only(good: torch.Tensor, kind: str) -> None:
    before = good.clone()
    made, mask = damaged(good, kind, 1.0)
    assert torch.equal(good, before)
    assert (made.shape, made.dtype) == (good.shape, torch.float32)
    assert (mask.shape, mask.dtype) == ((COUNT, SIDE, SIDE), torch.bool)
    assert float(made.min()) >= 0 and float(made.max()) <= 1
    change = (made - good).abs().mean(1)
    near = functional.max_pool2d(mask.float()[:, None], 3, 1, 1)[:, 0] > 0
    assert float(change[~near].max()) < 9 * VISIBLE
    assert float(change[~mask].mean()) < VISIBLE / 4
    assert float(change[mask].mean()) > 2 * VISIBLE
    assert mask.flatten(1).any(1).float().mean() > 0.3, "smeared smooth ground shows nothing"
    assert (mask.flatten(1).float().mean(1) < 0.75).all(), "a defect, not another picture"


@pytest.mark.parametrize("kind", KINDS)
def test_the_more_severe_the_plainer(good: torch.Tensor, kind: str) -> None:
    """The same place and shape each time: only the contrast is graded by severity."""
    faint, plain = (damaged(good, kind, severity)[0] for severity in (0.0, 1.0))
    # A piece that lies far from its place is as plain as it is, so half of them are not graded.
    ratio = 1.0 if kind == "displaced" else 1.3
    assert (plain - good).abs().sum() > ratio * (faint - good).abs().sum() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_in_many_sizes(good: torch.Tensor, kind: str) -> None:
    areas = torch.cat([damaged(good, kind, 1.0, seed)[1].flatten(1).sum(1) for seed in (0, 1)])
    shown = areas[areas > 0].float()
    small, large = shown.quantile(torch.tensor([0.1, 0.9]))
    assert large > 2.5 * small


def test_the_same_seed_gives_the_same_bytes(good: torch.Tensor) -> None:
    for kind in KINDS:
        for first, second in zip(damaged(good, kind, 0.5), damaged(good, kind, 0.5), strict=True):
            assert torch.equal(first, second)


def test_only_the_kinds_asked_for_are_drawn(
    good: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unasked(*_: object) -> torch.Tensor:
        raise AssertionError("a kind was drawn that nobody asked for")

    for kind in KINDS:
        if kind not in ("pit", "stain"):
            monkeypatch.setitem(KINDS, kind, unasked)
    made, mask = inflict(Draws(torch.device("cpu"), 2), good, good, kinds=["pit", "stain"])
    assert not torch.equal(made, good)
    assert mask.any()


def test_a_grey_picture_stays_grey(good: torch.Tensor) -> None:
    grey = good.mean(1, keepdim=True).expand(-1, 3, -1, -1).contiguous()
    for kind in KINDS:
        made, _ = inflict(Draws(torch.device("cpu"), 3), grey, good, kinds=[kind])
        assert float((made.amax(1) - made.amin(1)).max()) < GREY
