"""What Qt needs from the system on Linux: shared libraries and a font; PySide6 brings the rest.

The lists are the NEEDED entries (``readelf -d``) of Qt 6.11's Core, Gui, Widgets, DBus and XcbQpa
and of the platform plug-ins ``offscreen`` and ``xcb`` with its GL integrations, less those that
Python itself or the wheel brings. A Wayland session works with the second list: Qt falls back to
X11 there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec

from installer.errors import SetupError

ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
"""Library -> Debian package, for every start, offscreen too."""

FOR_A_WINDOW = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Library -> Debian package, where a window is opened."""

FONT = "a font"
ENSUREPIP = "Python's ensurepip module"

Missing = Mapping[str, str]
"""What is missing, in words -> the Debian package that has it."""


def ensure(*, window: bool, new_environment: bool) -> None:
    """Install what is missing where that is possible, otherwise say the command that does.

    Parameters
    ----------
    window
        A window will be opened, not only an offscreen one.
    new_environment
        A virtual environment has to be made, which needs ``ensurepip``.

    Raises
    ------
    SetupError
        Something is missing and could not be installed from here.
    """
    if not sys.platform.startswith("linux"):
        return
    absent = missing(window=window, new_environment=new_environment)
    if not absent:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(
            f"This system lacks {', '.join(absent)}. "
            "Install them with the system's package manager and start again."
        )
    if os.geteuid() != 0:
        raise SetupError(sentence(absent))
    install(sorted(set(absent.values())))
    absent = missing(window=window, new_environment=new_environment)
    if absent:
        raise SetupError(f"After installing the packages it still fails. {sentence(absent)}")


def missing(*, window: bool, new_environment: bool) -> Missing:
    """Find what is missing by asking for it, not by asking the package manager."""
    needed = ALWAYS | (FOR_A_WINDOW if window else {})
    absent = {library: needed[library] for library in unresolved(needed)}
    if "libfontconfig.so.1" in absent or count_fonts() == 0:
        absent[FONT] = "fonts-dejavu-core"
    if new_environment and find_spec("ensurepip") is None:
        absent[ENSUREPIP] = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    return absent


def unresolved(
    libraries: Iterable[str], load: Callable[[str], object] = ctypes.CDLL
) -> Sequence[str]:
    """Give those of `libraries` that the dynamic loader cannot load."""
    absent = []
    for library in libraries:
        try:
            load(library)
        except OSError:
            absent.append(library)
    return absent


def count_fonts() -> int:
    """Count the fonts that fontconfig, and so Qt, knows of; its library must be there."""

    class FontSet(ctypes.Structure):
        """The head of fontconfig's ``FcFontSet``."""

        _fields_ = (("nfont", ctypes.c_int), ("sfont", ctypes.c_int))

    library = ctypes.CDLL("libfontconfig.so.1")
    library.FcConfigGetFonts.restype = ctypes.POINTER(FontSet)
    library.FcConfigGetFonts.argtypes = (ctypes.c_void_p, ctypes.c_int)
    if not library.FcInit():
        return 0
    system_fonts = library.FcConfigGetFonts(None, 0)
    return system_fonts.contents.nfont if system_fonts else 0


def sentence(absent: Missing) -> str:
    """Say what is missing and the one command that installs it."""
    packages = " ".join(sorted(set(absent.values())))
    return (
        f"This system lacks {', '.join(absent)}. Run this command, then start again:\n"
        f"  sudo sh -c 'apt-get update && apt-get install -y {packages}'"
    )


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; whether it helped is for the caller to see."""
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for action in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-q", *action], env=quiet, check=False)
