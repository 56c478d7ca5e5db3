"""Messages reach the file; a folder that cannot be written costs the file, not the start."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from workstation.log import start_log, stop_log


def test_messages_reach_the_file_and_warnings_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = start_log(tmp_path / "logs")
    logging.getLogger("loupe.test").info("started")
    logging.getLogger("loupe.test").warning("nearly full")
    stop_log(handlers)
    first, second = (tmp_path / "logs" / "loupe.log").read_text("utf-8").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO loupe.test: started", first)
    assert second.endswith("WARNING loupe.test: nearly full")
    assert capsys.readouterr().err == "loupe: WARNING: nearly full\n"
    assert not set(handlers) & set(logging.getLogger().handlers)


def test_without_a_folder_the_program_still_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    stop_log(start_log(tmp_path / "file" / "logs"))
    assert "No log file" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_full_disk_fills_no_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loupe.log").symlink_to("/dev/full")
    handlers = start_log(tmp_path)
    logging.getLogger("loupe.test").warning("nearly full")
    stop_log(handlers[:1])
    logging.getLogger().removeHandler(handlers[1])
    assert capsys.readouterr().err == "loupe: WARNING: nearly full\n"
