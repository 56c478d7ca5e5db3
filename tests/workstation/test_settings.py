"""No bad value stops the start, nothing a person wrote is thrown away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.sources.base import FolderConfig, SimulatorConfig
from workstation.settings import DEFAULT_SHIFTS, Settings, load_settings, save_settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_without_a_file_the_defaults_hold(path: Path) -> None:
    assert load_settings(path) == (Settings(), [])
    assert not path.exists()


@pytest.mark.parametrize("source", [None, SimulatorConfig(seed=4), FolderConfig(path=Path("a"))])
def test_what_is_saved_comes_back(path: Path, source: FolderConfig | None) -> None:
    settings = Settings().changed(source=source, lot="Ä 7", running=True, heatmap_opacity=0.25)
    save_settings(settings, path)
    assert load_settings(path) == (settings, [])
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]


def test_keys_of_another_version_are_kept(path: Path) -> None:
    path.write_text('{"sound": {"volume": 3}, "lot": "A"}', encoding="utf-8")
    settings, warnings = load_settings(path)
    save_settings(settings.changed(lot="B"), path)
    assert warnings == []
    assert json.loads(path.read_text("utf-8"))["sound"] == {"volume": 3}
    assert load_settings(path)[0].lot == "B"


def test_one_bad_value_costs_only_itself(path: Path) -> None:
    bad = '{"heatmap_opacity": 7, "source": {"kind": "oracle"}, "lot": "A", "running": "maybe"}'
    path.write_text(bad, encoding="utf-8")
    settings, warnings = load_settings(path)
    assert settings == Settings().changed(lot="A")
    for name in ("heatmap_opacity", "source", "running"):
        assert sum(f"The setting '{name}' is not usable" in text for text in warnings) == 1
    assert len(warnings) == 4
    assert "settings.bad.json" in warnings[3]
    assert path.with_name("settings.bad.json").read_text("utf-8") == bad


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe\x00", b"null", b"[" * 100_000])
def test_a_file_that_holds_no_settings_is_kept_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    settings, warnings = load_settings(path)
    assert settings == Settings()
    assert len(warnings) == 1 and "no settings" in warnings[0]
    assert path.with_name("settings.bad.json").read_bytes() == content


@pytest.mark.parametrize(
    "shifts",
    [
        [],
        [{"name": "day", "start": "06:00", "end": "18:00"}],
        [
            {"name": "a", "start": "06:00", "end": "18:00"},
            {"name": "b", "start": "17:00", "end": "06:00"},
        ],
    ],
)
def test_shifts_must_cover_the_day(path: Path, shifts: list[dict[str, str]]) -> None:
    path.write_text(json.dumps({"shifts": shifts}), encoding="utf-8")
    settings, warnings = load_settings(path)
    assert settings.shifts == DEFAULT_SHIFTS
    assert "without gap or overlap" in warnings[0]


def test_changes_are_checked() -> None:
    with pytest.raises(ValidationError):
        Settings().changed(heatmap_opacity=-1)
    with pytest.raises(TypeError, match="heat"):
        Settings().changed(heat=1)


def test_a_folder_that_cannot_be_written_leaves_the_former_file(path: Path) -> None:
    save_settings(Settings(), path)
    blocked = path / "settings.json"
    with pytest.raises(OSError):
        save_settings(Settings(), blocked)
    assert load_settings(path) == (Settings(), [])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Settings.model_fields, "unknown"]), _JSON))
def test_any_file_lets_the_program_start(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    settings, _ = load_settings(path)
    save_settings(settings, path)
    assert load_settings(path) == (settings, [])


def test_a_code_pattern_must_be_a_regular_expression(path: Path) -> None:
    path.write_text('{"lot_code_pattern": "L(", "part_code_pattern": "P\\\\d+"}')
    settings, warnings = load_settings(path)
    assert settings.lot_code_pattern == Settings().lot_code_pattern
    assert settings.part_code_pattern == r"P\d+"
    assert "lot_code_pattern" in warnings[0]
