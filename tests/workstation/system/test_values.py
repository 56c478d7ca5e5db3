"""What stands in a form becomes a configuration, and every error is said in words."""

from pathlib import Path

import pytest

from engine.sources.base import (
    CameraConfig,
    EveryFrame,
    FolderConfig,
    OnDemand,
    PartIsStill,
    ReplayConfig,
    SimulatorConfig,
    SourceConfig,
    StreamConfig,
    VideoConfig,
)
from workstation.system.fields import KINDS, Entry, SourceKind
from workstation.system.values import FormError, config_of, default_values, values_of

HERE = Path("/data/line1").absolute()
CONFIGS: tuple[SourceConfig, ...] = (
    CameraConfig(),
    CameraConfig(
        device="/dev/v4l/by-id/usb-cam",
        width=1920,
        height=1080,
        frames_per_s=29.97,
        pixel_format="MJPG",
        exposure=-6.0,
        gain=1.5,
        trigger=PartIsStill(still_s=0.5, motion=1.25, presence=8),
    ),
    StreamConfig(url="rtsp://10.0.0.5/stream1", trigger=OnDemand()),
    StreamConfig(url="rtsp://me:s3cret@10.0.0.5/stream1"),
    VideoConfig(path=HERE / "line.mp4", repeat=True),
    FolderConfig(path=HERE, part_pattern=r"(part\d+)_", poll_s=0.25),
    ReplayConfig(path=HERE, interval_s=1.5, repeat=True),
    SimulatorConfig(part="board", interval_s=0.3, defect_rate=0.07, light_loss=0.1, seed=3),
)


def kind_of(config: SourceConfig) -> SourceKind:
    return next(kind for kind in KINDS if kind.name == config.kind)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
def test_there_and_back(config: SourceConfig) -> None:
    values = values_of(config)
    assert config_of(kind_of(config), values, stored=config) == config


def test_every_field_of_every_source_is_asked_for() -> None:
    for kind in KINDS:
        fields = set(kind.config.model_fields) - {"kind", "trigger", "first"}
        if "trigger" in kind.config.model_fields:
            triggers = (EveryFrame, OnDemand, PartIsStill)
            fields |= {f"trigger.{name}" for model in triggers for name in model.model_fields}
        assert {field.name for field in kind.fields} == fields


def test_every_choice_and_step_can_be_used() -> None:
    for kind in KINDS:
        needed = {"path": "/data/line1", "url": "rtsp://10.0.0.5/"}
        standing = needed | default_values(kind)
        for field in kind.fields:
            offered = [choice.value for choice in field.choices] + list(map(str, field.steps))
            assert (field.entry in (Entry.CHOICE, Entry.STEPS)) == bool(offered)
            for value in offered:
                config_of(kind, standing | {field.name: value}, stored=None)


@pytest.mark.parametrize(
    ("kind", "entered", "problems"),
    [
        ("camera", {"gain": "much"}, {"gain": "not a number"}),
        ("camera", {"width": "0"}, {"width": "more than 0"}),
        ("camera", {"height": "10.5"}, {"height": "whole number"}),
        ("camera", {"pixel_format": "MJ"}, {"pixel_format": "such as MJPG"}),
        (
            "camera",
            {"trigger.kind": "still", "trigger.still_s": "0"},
            {"trigger.still_s": "more than 0"},
        ),
        ("stream", {}, {"url": "needed"}),
        ("stream", {"url": "10.0.0.5"}, {"url": "begins with rtsp:// or http://"}),
        ("video", {"path": "  "}, {"path": "needed"}),
        ("folder", {"path": "x", "part_pattern": "("}, {"part_pattern": "needs one group"}),
        ("replay", {"path": "x", "interval_s": "-1"}, {"interval_s": "at least 0"}),
    ],
)
def test_errors_are_few_words_beside_the_field(
    kind: str, entered: dict[str, str], problems: dict[str, str]
) -> None:
    chosen = next(one for one in KINDS if one.name == kind)
    with pytest.raises(FormError) as error:
        config_of(chosen, default_values(chosen) | entered, stored=None)
    assert error.value.problems.keys() == problems.keys()
    for name, words in problems.items():
        assert error.value.problems[name].startswith(words)


def test_a_decimal_comma_and_a_relative_folder() -> None:
    kind = kind_of(FolderConfig(path=HERE))
    config = config_of(kind, {"path": "incoming", "poll_s": "0,5"}, stored=None)
    assert config == FolderConfig(path=Path("incoming").absolute(), poll_s=0.5)


def test_fields_that_do_not_count_are_left_out() -> None:
    kind = kind_of(CameraConfig())
    values = default_values(kind) | {"trigger.kind": "demand", "trigger.still_s": "nonsense"}
    assert config_of(kind, values, stored=None) == CameraConfig(trigger=OnDemand())


def test_a_stored_password_is_kept_and_never_shown() -> None:
    stored = StreamConfig(url="rtsp://me:s3cret@10.0.0.5/stream1")
    kind, values = kind_of(stored), values_of(stored)
    assert values["url"] == "rtsp://•••@10.0.0.5/stream1"
    changed = config_of(kind, values | {"trigger.kind": "demand"}, stored=stored)
    assert changed == StreamConfig(url=stored.url, trigger=OnDemand())
    other = values | {"url": "rtsp://•••@10.0.0.99/stream1"}
    with pytest.raises(FormError, match="type the whole address"):
        config_of(kind, other, stored=stored)
    typed = values | {"url": "rtsp://10.0.0.5/stream1"}  # without, on purpose
    assert config_of(kind, typed, stored=stored) == StreamConfig(url="rtsp://10.0.0.5/stream1")


def test_an_error_quotes_no_password() -> None:
    kind = kind_of(StreamConfig(url="rtsp://h/"))
    with pytest.raises(FormError) as error:
        config_of(kind, {"url": "rtps://me:s3cret@10.0.0.5/"}, stored=None)
    assert "s3cret" not in repr(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
