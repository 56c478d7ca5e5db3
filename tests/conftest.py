"""What holds for every test: no display, and one thread for each mathematical library."""

from __future__ import annotations

import os

# Before anything imports Qt or torch. Threads that wait for each other on a busy machine turn an
# inspection of 5 ms into one of 600 ms.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
