"""How a command that ran to its end says what became of it; typer itself says 2."""

from __future__ import annotations

DONE = 0
"""What was asked is done."""
FAILED = 1
"""It could not be done; a sentence on the error stream says why."""
FAULTS = 3
"""It is done, but there were pictures or parts that could not be inspected."""
