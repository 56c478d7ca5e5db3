"""One table per benchmark in RESULTS.md; a run appends a row and says where it came from."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import torch

RESULTS = Path(__file__).with_name("RESULTS.md")
_REPOSITORY = Path(__file__).parents[2]


def append_row(heading: str, row: Mapping[str, str], *, file: Path = RESULTS) -> None:
    """Append `row` to the table under ``## heading``, begun if it is not there.

    Raises
    ------
    ValueError
        The table there has other columns.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else "# Measured\n"
    lines = text.rstrip("\n").split("\n")
    columns = _table_line(row.keys())
    if f"## {heading}" not in lines:
        lines += ["", f"## {heading}", "", columns, _table_line("---" for _ in row)]
    start = lines.index(f"## {heading}")
    rows = [start]
    for number in range(start + 1, len(lines)):
        if lines[number].startswith("## "):
            break
        if lines[number].startswith("|"):
            rows.append(number)
    if len(rows) > 1 and lines[rows[1]] != columns:
        raise ValueError(f"The table under '{heading}' in {file.name} has other columns.")
    lines.insert(rows[-1] + 1, _table_line(row.values()))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def provenance() -> dict[str, str]:
    """Say when, from which commit (``+`` with changes on top) and on which processor.

    The processor stands with what it has for bfloat16, which decides what half the bits are worth.
    """
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!*RESULTS.md")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit + ("+" if changed else ""),
        "processor": f"{_processor()}, {os.cpu_count()} cores, {_bfloat16()}",
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=_REPOSITORY, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _bfloat16() -> str:
    """Name the processor's instructions for bfloat16."""
    has = getattr(torch.cpu, "get_capabilities", dict)()
    return " ".join(name for name in ("avx512_bf16", "amx_bf16") if has.get(name)) or "no bfloat16"


def _table_line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
