"""Adapting to a part: repeatable, blind to what is held out, given up where it does not help."""

from __future__ import annotations

import copy
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.components.built_in import HEAD_STRIDES
from engine.components.gabor import GaborStack
from engine.components.metric_head import MetricHead, head_bytes
from engine.components.neighbours import Bank
from engine.errors import RecipeError
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation import adapt as adapting
from engine.pretraining.adaptation import learner as learning
from engine.pretraining.adaptation import look as looking
from engine.pretraining.adaptation import ranking
from engine.pretraining.adaptation.adapt import Adaptation, adapt
from engine.pretraining.adaptation.held_out import evenly, hold_out
from engine.pretraining.adaptation.learner import Learner
from engine.pretraining.adaptation.look import Look
from engine.pretraining.adaptation.material import Material, draw_damages, gather
from engine.pretraining.adaptation.plan import HELD_OUT_KINDS, LEARNED_KINDS, AdaptationPlan
from engine.pretraining.adaptation.ranking import RankedScores
from engine.pretraining.objective import ranked
from engine.recipe import Masks
from engine.synthetic.damage.kinds import KINDS
from engine.synthetic.textures.draws import Draws
from engine.types import FitStep, Image
from tests.small_parts import HEIGHT, WIDTH, finished, good_image

INPUTS = MetricHead().inputs
pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
PLAN = AdaptationPlan(damaged=24, rows=200, asked=2, damages=6, hidden=8)
WHOLE = Preprocessing(size=64)
LEFT_HALF = Preprocessing(
    size=64,
    masks=Masks(include=(((0, 0), (48, 0), (48, HEIGHT), (0, HEIGHT)),)),
    source_size=(HEIGHT, WIDTH),
)
GABOR = GaborStack(HEAD_STRIDES)
GROUPS = [f"part {number // 2}" for number in range(24)]
"""Two pictures of each part."""


@pytest.fixture(autouse=True)
def _few_to_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_PER_KIND", 6)


@pytest.fixture(scope="module")
def squares() -> list[Image]:
    return [WHOLE.square(good_image(number)) for number in range(24)]


@pytest.fixture(scope="module")
def material(squares: list[Image]) -> Material:
    look, parts = Look(GABOR, WHOLE, CPU), [0, 0, 1, 1, 2, 2, 3, 3]
    found = finished(gather(look, squares[:8], parts, PLAN))
    damages = finished(draw_damages(look, squares[:8], parts, PLAN, count=24))
    return replace(found, damages=damages)


def steps_of(
    squares: list[Image], *, plan: AdaptationPlan = PLAN, steps: int = 5
) -> Generator[FitStep, None, Adaptation]:
    return adapt(squares, GROUPS, WHOLE, plan, stack=GABOR, steps=steps, device=CPU)


@pytest.fixture
def always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the last head, whole, whatever it is worth."""
    monkeypatch.setattr(adapting, "LEAST_GAIN", -1.0)
    monkeypatch.setattr(adapting, "_MEASUREMENTS", 1)
    monkeypatch.setattr(adapting, "_SHARES", ())


class TestHoldingOut:
    def test_whole_groups_with_a_fifth_of_the_pictures(self) -> None:
        held_out = hold_out(GROUPS, seed=0)
        assert len(held_out) == 3, "two groups of twelve are less than a fifth"
        assert held_out < set(GROUPS)
        assert held_out != hold_out(GROUPS, seed=1)

    def test_at_least_two_and_at_most_half_of_the_groups(self) -> None:
        large = ["large"] * 50 + [f"small {number}" for number in range(11)]
        for seed in range(8):
            assert 2 <= len(hold_out(large, seed=seed)) <= 6

    def test_too_few_parts_are_a_sentence(self) -> None:
        with pytest.raises(RecipeError, match="at least 10 parts; there are 9"):
            hold_out(GROUPS[:18], seed=0)

    def test_of_many_pictures_an_even_choice(self) -> None:
        assert evenly(4, 9) == [0, 1, 2, 3]
        assert evenly(9, 3) == [0, 3, 6]

    @pytest.mark.usefixtures("always_kept")
    def test_the_head_is_the_same_whatever_the_held_out_pictures_show(
        self, squares: list[Image]
    ) -> None:
        held_out = hold_out(GROUPS, seed=PLAN.seed)
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        others = [
            noise if group in held_out else square
            for square, group in zip(squares, GROUPS, strict=True)
        ]
        first, again = finished(steps_of(squares)), finished(steps_of(others))
        assert head_bytes(first.head) == head_bytes(again.head)
        assert first.record.without != again.record.without
        assert set(first.record.held_out) == held_out
        assert first.record.n_learned_from == 24 - 2 * len(held_out)

    def test_kinds_held_out_are_never_learned_from(
        self, squares: list[Image], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def drawn(*_: object) -> torch.Tensor:
            raise AssertionError("a kind that is held out was drawn")

        for kind in HELD_OUT_KINDS:
            monkeypatch.setitem(KINDS, kind, drawn)
        look = Look(GABOR, WHOLE, CPU)
        assert finished(draw_damages(look, squares[:8], range(8), PLAN, count=24))


class TestMaterial:
    def test_every_picture_is_damaged_as_often_as_another(
        self, squares: list[Image], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look, seen = Look(GABOR, WHOLE, CPU), []
        monkeypatch.setattr(
            look, "pictures", lambda some: seen.extend(some) or Look.pictures(look, some)
        )
        steps = list(draw_damages(look, squares[:8], range(8), PLAN, count=20))
        assert (steps[-1].done, steps[-1].total) == (20, 20)
        grounds = [id(square) for start in range(0, len(seen), 4) for square in seen[start:][:2]]
        counts = [grounds.count(id(square)) for square in squares[:8]]
        assert sorted(counts) == [2, 2, 2, 2, 3, 3, 3, 3]

    def test_more_steps_learn_from_more_damage_up_to_what_memory_and_pictures_allow(self) -> None:
        plan = AdaptationPlan(damaged_per_step=8, damaged=1000, most_versions=4)
        assert plan.damaged_for(10, pictures=500) == 80
        assert plan.damaged_for(10, pictures=15) == 60
        assert plan.damaged_for(900, pictures=500) == 1000

    def test_patches_of_good_pictures_damage_and_rows(self, material: Material) -> None:
        assert material.good.shape == (8, 64, INPUTS)
        assert material.rows.shape == (200, INPUTS)
        assert set(material.row_parts.tolist()) == {0, 1, 2, 3}
        assert {one.part for one in material.damages} <= {0, 1, 2, 3}
        assert all(0 < len(one.patches) <= 48 for one in material.damages)
        known = material.good.flatten(0, 1)
        assert (known == material.rows[0]).all(1).any()

    def test_only_what_is_inspected_is_seen_and_damaged(self) -> None:
        look = Look(GABOR, LEFT_HALF, CPU)
        pictures = look.pictures([LEFT_HALF.square(good_image(n)) for n in range(8)])
        draws = Draws(CPU, 0)
        damaged, masks = look.damaged(draws, pictures, pictures.roll(1, 0), kinds=LEARNED_KINDS)
        assert look.cells == 32
        assert look.patches(pictures).shape == (8, 32, INPUTS)
        assert torch.equal(damaged[..., 32:], pictures[..., 32:])
        assert not masks[..., 32:].any() and masks[..., :32].any()
        assert look.covered(masks, 0.1).shape == (8, 1, 32)

    def test_good_pictures_are_moved_by_less_than_a_cell(self) -> None:
        look = Look(GABOR, WHOLE, CPU)
        ramp = torch.arange(64.0).expand(3, 64, 64) / 64
        pictures = torch.stack([ramp, ramp.mT, *[ramp] * 62])
        moved = look.moved(Draws(CPU, 3), pictures)
        inside = (moved - pictures)[..., 8:-8, 8:-8] * 64
        assert torch.allclose(inside, inside[:, :1, :1, :1].expand_as(inside), atol=1e-4)
        found = set(inside[:, 0, 0, 0].round().int().tolist())
        assert found <= set(range(-7, 8)) and len(found) > 10
        assert torch.equal(moved, look.moved(Draws(CPU, 3), pictures))
        assert not torch.equal(moved, look.moved(Draws(CPU, 4), pictures))

    def test_a_region_without_a_cell_is_a_sentence(self) -> None:
        corner = Masks(include=(((0, 0), (2, 0), (2, 2), (0, 2)),))
        with pytest.raises(RecipeError, match="smaller than one cell"):
            Look(
                GABOR,
                WHOLE.model_copy(update={"masks": corner, "source_size": (HEIGHT, WIDTH)}),
                CPU,
            )


class TestLearning:
    def test_the_gradient_in_pieces_is_that_of_the_whole(
        self, material: Material, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(learning, "_AT_ONCE", 50)
        learner, untouched = Learner(material, PLAN, 5), Learner(material, PLAN, 5).head
        list(learner.learn())
        draws = Draws(CPU, PLAN.seed, 2**31)
        asked = torch.argsort(draws.uniform(8))[: PLAN.asked].tolist()
        drawn = draws.integers(PLAN.damages, below=len(material.damages)).tolist()
        good = torch.stack(
            [_logs(untouched, material, material.moved(draws, n), material.parts[n]) for n in asked]
        )
        some = [material.damages[n] for n in drawn]
        loss, _ = ranked(good, [_logs(untouched, material, one.patches, one.part) for one in some])
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(untouched.parameters(), 1.0)
        for (name, found), expected in zip(
            learner.head.named_parameters(), untouched.parameters(), strict=True
        ):
            assert found.grad is not None and expected.grad is not None
            assert torch.allclose(found.grad, expected.grad, rtol=1e-3, atol=1e-5), name

    def test_nothing_is_compared_with_its_own_part(
        self, material: Material, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left_out: list[int | None] = []

        class Noting(Bank):
            def nearest(
                self, queries: torch.Tensor, *, without_group: int | None = None
            ) -> tuple[torch.Tensor, torch.Tensor]:
                left_out.append(without_group)
                distances, winners = super().nearest(queries, without_group=without_group)
                assert without_group not in material.row_parts[winners].tolist()
                return distances, winners

        monkeypatch.setattr(learning, "Bank", Noting)
        list(Learner(material, PLAN, 5).learn())
        assert len(left_out) == PLAN.asked + PLAN.damages
        assert None not in left_out

    def test_what_is_learned_from_is_found_better(self, material: Material) -> None:
        learner = Learner(material, PLAN, 30)
        before = _loss(learner.head, material)
        while learner.step < 30:
            list(learner.learn())
        assert _loss(learner.head, material) < 0.9 * before


class TestAdapting:
    @pytest.mark.usefixtures("always_kept")
    def test_the_same_steps_give_the_same_head_to_the_bit(self, squares: list[Image]) -> None:
        first, again = finished(steps_of(squares)), finished(steps_of(squares))
        assert head_bytes(first.head) == head_bytes(again.head)
        other = finished(steps_of(squares, plan=PLAN.model_copy(update={"seed": 1})))
        assert head_bytes(other.head) != head_bytes(first.head)
        assert (first.record.kept, first.record.best_step, first.record.steps) == (True, 5, 5)

    @pytest.mark.usefixtures("always_kept")
    def test_minutes_decide_a_number_of_steps_that_gives_the_same_head(
        self, squares: list[Image], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adapting, "LEAST_STEPS", 3)
        monkeypatch.setattr(adapting, "MOST_STEPS", 7)
        counts = []
        for minutes in (1e-6, 60.0):
            found = finished(
                adapt(squares, GROUPS, WHOLE, PLAN, stack=GABOR, minutes=minutes, device=CPU)
            )
            counts.append(found.record.steps)
            assert found.record.minutes == minutes
            again = finished(steps_of(squares, steps=found.record.steps))
            assert head_bytes(found.head) == head_bytes(again.head)
        assert counts == [3, 7]

    def test_what_does_not_help_is_not_kept(
        self, squares: list[Image], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adapting, "LEAST_GAIN", 1.0)
        record = finished(steps_of(squares)).record
        assert (record.kept, record.best_step, record.steps) == (False, 0, 5)
        assert set(record.without.image_auroc) == set(record.adapted.image_auroc)
        assert len(record.without.good_scores) == 2 * len(record.held_out)

    @pytest.mark.parametrize(
        ("last", "kept"), [(0.8, (4, 0.9)), (0.895, (8, 0.895))], ids=["worse", "as good"]
    )
    def test_the_last_of_the_best_steps_is_kept(
        self,
        squares: list[Image],
        monkeypatch: pytest.MonkeyPatch,
        last: float,
        kept: tuple[int, float],
    ) -> None:
        aurocs = iter([0.5, 0.6, 0.9, 0.7, last, 0.8, 0.8, 0.8])
        monkeypatch.setattr(RankedScores, "image_auroc", lambda _: {"crack": next(aurocs)})
        found = finished(steps_of(squares, steps=8))
        assert (found.record.best_step, found.record.adapted.mean_auroc) == kept
        assert found.record.history == ((2, 0.6), (4, 0.9), (6, 0.7), (8, last))
        assert found.record.share == 1

    @pytest.mark.parametrize(
        ("shares", "kept"),
        [
            ((0.898, 0.9, 0.8), (0.2, 0.898)),
            ((0.88, 0.91, 0.92), (0.7, 0.92)),
            ((0.6, 0.7, 0.8), (1.0, 0.9)),
        ],
        ids=["the smallest that ranks as well", "better than the whole", "the whole"],
    )
    def test_of_the_correction_the_smallest_share_that_ranks_as_well_is_made(
        self,
        squares: list[Image],
        monkeypatch: pytest.MonkeyPatch,
        shares: tuple[float, ...],
        kept: tuple[float, float],
    ) -> None:
        monkeypatch.setattr(adapting, "_MEASUREMENTS", 1)
        aurocs = iter([0.5, 0.9, *shares])
        monkeypatch.setattr(RankedScores, "image_auroc", lambda _: {"crack": next(aurocs)})
        found = finished(steps_of(squares, steps=2))
        assert (found.record.share, found.record.adapted.mean_auroc) == kept
        aurocs = iter([0.5, 0.9, 0, 0, 0])
        whole = finished(steps_of(squares, steps=2)).head
        assert torch.equal(found.head.leave.weight, whole.leave.weight * kept[0])

    def test_a_share_of_the_correction_is_that_share_of_what_it_does(
        self, material: Material
    ) -> None:
        learner = Learner(material, PLAN, 3)
        untrained = copy.deepcopy(learner.head)
        while learner.step < 3:
            list(learner.learn())
        patches = material.good[0]
        before, after = untrained(patches), learner.head(patches)
        blended = learner.head.blended(0.4)(patches)
        assert torch.allclose(blended, before + 0.4 * (after - before), atol=1e-5)
        assert not torch.allclose(after, before, atol=1e-3)

    def test_it_can_be_left_at_any_step(self, squares: list[Image]) -> None:
        before = torch.get_rng_state()
        whole = len(list(steps_of(squares, steps=2)))
        assert whole > 100
        for after in (0, 1, whole // 2, whole - 3):
            steps = steps_of(squares, steps=2)
            for _ in range(after):
                assert 0 <= next(steps).fraction <= 1
            steps.close()
            assert torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), before)

    def test_pictures_that_show_no_damage_are_a_sentence(
        self, squares: list[Image], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unseen(
            _: Draws, good: torch.Tensor, *__: object, **___: object
        ) -> tuple[torch.Tensor, torch.Tensor]:
            return good, torch.zeros(len(good), 64, 64, dtype=torch.bool)

        monkeypatch.setattr(looking, "inflict", unseen)
        with pytest.raises(RecipeError, match="nothing to adapt by"):
            finished(steps_of(squares))


def _logs(head: MetricHead, material: Material, patches: torch.Tensor, part: int) -> torch.Tensor:
    """Search by the definition: every distance to every row of other parts."""
    rows = head(material.rows[material.row_parts != part])
    exactly = "donot_use_mm_for_euclid_dist"
    distances = torch.cdist(head(patches), rows, compute_mode=exactly)
    return distances.clamp_min(1e-3).amin(1).log()


@torch.no_grad()
def _loss(head: MetricHead, material: Material) -> float:
    good = [
        _logs(head, material, picture, part)
        for picture, part in zip(material.good, material.parts, strict=True)
    ]
    damages = [_logs(head, material, one.patches, one.part) for one in material.damages]
    return float(ranked(torch.stack(good), damages)[0])
