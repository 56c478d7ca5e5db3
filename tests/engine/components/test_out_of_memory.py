"""Memory that is short: of a device that refuses so many times, and then no more."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.components import out_of_memory as module
from engine.components.out_of_memory import in_pieces, is_out_of_memory, last_on_processor, twice
from engine.errors import OutOfMemoryError
from engine.fitting import fit
from engine.inspector import Eye, Inspector
from engine.methods.padim import Padim
from engine.parameters import PadimParameters
from engine.preprocess import Preprocessing
from engine.releases.folder import write_release
from engine.types import FitStep, MethodName
from tests.small_parts import finished, fitted, good_pictures, small_recipe
from tests.small_parts import the_release as small_release

REFUSALS: list[Callable[[], BaseException]] = [
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    MemoryError,
    lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
]


class Refusing:
    """Does the work but for `times` calls from the one numbered `first`, which raise `error`."""

    def __init__(
        self,
        times: int,
        error: Callable[[], BaseException],
        work: Callable[..., Any],
        *,
        first: int = 1,
    ) -> None:
        self.calls, self._refused = 0, range(first, first + times)
        self._error, self._work = error, work

    def __call__(self, *given: object) -> Any:
        self.calls += 1
        if self.calls in self._refused:
            raise self._error()
        return self._work(*given)


every_refusal = pytest.mark.parametrize("error", REFUSALS)


@every_refusal
class TestTwice:
    def test_what_fails_once_is_done_again(self, error: Callable[[], BaseException]) -> None:
        assert twice(Refusing(1, error, lambda: 7), what="do it") == 7

    def test_what_fails_twice_is_said(self, error: Callable[[], BaseException]) -> None:
        with pytest.raises(OutOfMemoryError, match="too little memory to do it"):
            twice(Refusing(2, error, lambda: 7), what="do it")


def test_another_error_stays_what_it_is() -> None:
    refusing = Refusing(9, lambda: RuntimeError("shapes cannot be multiplied"), lambda: 7)
    with pytest.raises(RuntimeError, match="shapes"):
        twice(refusing, what="do it")
    assert refusing.calls == 1
    assert not is_out_of_memory(ValueError("not enough memory"))


class TestInPieces:
    @pytest.mark.parametrize("most", [1, 3, 4, 64, 100])
    def test_every_place_is_worked_on_once_in_order(self, most: int) -> None:
        """A device that takes no more than so many places at a time."""

        def work(where: slice) -> list[int]:
            if where.stop - where.start > most:
                raise torch.OutOfMemoryError
            return list(range(where.start, where.stop))

        pieces = list(in_pieces(work, 100, at_once=64))
        assert list(chain.from_iterable(pieces)) == list(range(100))
        assert most / 2 < max(map(len, pieces)) <= most

    def test_where_not_even_one_fits_it_ends(self) -> None:
        with pytest.raises(MemoryError):
            list(in_pieces(Refusing(99, MemoryError, lambda _: 0), 8, at_once=4))


def test_padim_gives_the_same_from_smaller_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    def built() -> Padim:
        found = Padim(PadimParameters(channels=8), Preprocessing(size=64))
        for number in range(7):
            noise = torch.randn(1, 12, 16, 16, generator=torch.Generator().manual_seed(number))
            found.collect([noise], picture=number, group=number)
        finished(found.build(0))
        return found

    expected = built()
    cholesky = torch.linalg.cholesky

    def small(tables: torch.Tensor) -> torch.Tensor:
        if len(tables) > 10:
            raise torch.OutOfMemoryError
        return cholesky(tables)

    monkeypatch.setattr(torch.linalg, "cholesky", small)
    found = built()
    ours, theirs = (finished(each.leave_one_out()) for each in (found, expected))
    assert ours.image == pytest.approx(theirs.image, rel=1e-5)


class TestFit:
    def steps_on(self, asked: list[str]) -> Callable[[str], Generator[FitStep, None, str]]:
        def begin(device: str) -> Generator[FitStep, None, str]:
            asked.append(device)
            yield FitStep("Fitting", 0, 2, None)
            if device != "cpu":
                raise torch.OutOfMemoryError
            return "a release"

        return begin

    @pytest.fixture
    def gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "open_device", lambda _: torch.device("cuda"))

    def test_the_processor_takes_over_from_a_gpu_nobody_named(self, gpu: None) -> None:
        asked: list[str] = []
        steps = last_on_processor(self.steps_on(asked), device="auto")
        told = [step.notice for step in iter(lambda: next(steps, None), None) if step.notice]
        assert asked == ["auto", "cpu"]
        assert len(told) == 1 and "begins anew on the processor" in told[0]

    def test_a_gpu_that_was_named_is_not_left(self, gpu: None) -> None:
        asked: list[str] = []
        with pytest.raises(OutOfMemoryError, match=r"ran out of memory\. Nothing was changed"):
            finished(last_on_processor(self.steps_on(asked), device="cuda"))
        assert asked == ["cuda"]

    @every_refusal
    def test_a_picture_that_is_refused_once_is_looked_at_again(
        self, error: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The first look of all only tells the shapes.
        looks = Refusing(1, error, Eye.levels, first=2)
        monkeypatch.setattr(Eye, "levels", lambda self, square: looks(self, square))
        assert fitted().manifest.calibration == small_release().manifest.calibration

    def test_a_processor_without_memory_is_one_sentence(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: Padim, seed: int) -> Generator[FitStep, None, None]:
            yield FitStep("Fitting the Gaussians", 0, 1, None)
            raise MemoryError

        monkeypatch.setattr(Padim, "build", refuse)
        recipe = small_recipe(method=MethodName.PADIM, parameters=PadimParameters())
        with pytest.raises(OutOfMemoryError, match="Choose fewer pictures, a smaller size"):
            finished(fit(recipe, good_pictures(), device="cpu"))


@every_refusal
@pytest.mark.parametrize("times", [1, 2])
def test_a_picture_is_scored_on_the_second_try_or_not_at_all(
    error: Callable[[], BaseException],
    times: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    inspector = Inspector.open(write_release(small_release(), tmp_path / "r"), "cpu")
    looks = Refusing(times, error, Eye.levels)
    monkeypatch.setattr(Eye, "levels", lambda self, square: looks(self, square))
    if times == 1:
        assert inspector.difference() == ""
    else:
        with pytest.raises(OutOfMemoryError, match="too little memory to inspect this picture"):
            inspector.difference()
