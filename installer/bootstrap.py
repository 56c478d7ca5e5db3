"""Set up Loupe and start it, or its tests: `python3 installer/bootstrap.py run`."""

import sys
from pathlib import Path

# This file is read by whatever `python3` is at hand: it must parse on old ones, to be able to say
# that they are too old. Everything newer lives in the modules imported below the check.
OLDEST = (3, 11)


def main(arguments: "list[str]") -> int:
    """Check the version of Python, then do what `arguments` ask; give the exit status."""
    if sys.version_info < OLDEST:
        print(
            "Loupe needs Python {}.{} or newer; this is Python {}.{} ({}). "
            "Install a newer Python and start this file with it.".format(
                *OLDEST, *sys.version_info[:2], sys.executable
            ),
            file=sys.stderr,
        )
        return 1
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from installer.commands import main as carry_out

    return carry_out(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
