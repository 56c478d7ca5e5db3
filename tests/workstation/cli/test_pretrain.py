"""`loupe pretrain`: what it writes, how Ctrl-C and --minutes end it, that --resume goes on."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

import engine.pretraining.plan as plans
import engine.pretraining.pretrain as pretraining
from engine.pretraining.plan import Plan
from engine.pretraining.sitting import CARD, CHECKPOINT, WEIGHTS
from engine.pretraining.training import Lesson, Training
from engine.pretraining.validation import Trial
from tests.workstation.cli.conftest import Loupe

pytestmark = pytest.mark.slow


class SmallPlan(Plan):
    parts: int = 2
    good: int = 3
    damaged: int = 2
    sides: tuple[int, ...] = (64,)


class SmallTrial(Trial):
    parts: int = 2
    references: int = 2
    good: int = 2
    damaged: int = 4
    side: int = 64


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "Plan", SmallPlan)
    monkeypatch.setattr(pretraining, "Trial", SmallTrial)


@pytest.fixture
def ctrl_c_after_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    learn = Training.learn

    def interrupted(training: Training) -> Lesson:
        lesson = learn(training)
        if training.step == 1:
            signal.raise_signal(signal.SIGINT)
        return lesson

    monkeypatch.setattr(Training, "learn", interrupted)


@pytest.mark.usefixtures("ctrl_c_after_a_step")
def test_ended_by_ctrl_c_it_can_be_taken_up(loupe: Loupe, tmp_path: Path) -> None:
    out = tmp_path / "Gewichte"
    first = loupe("pretrain", "--out", out, "--steps", 2, "--seed", 7, "--device", "cpu")
    assert first.exit_code == 0, first.stderr
    assert "1 of 2" in first.stdout
    assert "gabor" in first.stdout
    assert {file.name for file in out.iterdir()} == {WEIGHTS, CARD, CHECKPOINT}
    second = loupe("pretrain", "--out", out, "--resume", "--device", "cpu", "--json")
    assert second.exit_code == 0, second.stderr
    card = json.loads(second.stdout)
    assert card == json.loads((out / CARD).read_text(encoding="utf-8"))
    assert (card["steps"], card["plan"]["seed"]) == (2, 7)


def test_too_few_minutes_get_a_sentence(loupe: Loupe, tmp_path: Path) -> None:
    out = tmp_path / "new"
    result = loupe("pretrain", "--out", out, "--minutes", 0, "--device", "cpu")
    assert result.exit_code == 1
    assert "nothing was learned" in result.stderr
    assert not any(out.iterdir())


def test_a_used_folder_is_refused(loupe: Loupe, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = loupe("pretrain", "--out", tmp_path, "--device", "cpu")
    assert result.exit_code == 1
    assert "exists already" in result.stderr


def test_nothing_to_resume(loupe: Loupe, tmp_path: Path) -> None:
    result = loupe("pretrain", "--out", tmp_path, "--resume")
    assert result.exit_code == 1
    assert "no pretraining to go on with" in result.stderr


def test_seeds_of_the_validation_are_refused(loupe: Loupe, tmp_path: Path) -> None:
    result = loupe("pretrain", "--out", tmp_path / "new", "--seed", 90_000_000)
    assert result.exit_code == 1
    assert "seed" in result.stderr
