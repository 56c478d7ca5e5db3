"""Entry point of ``loupe`` and of ``python -m workstation``."""

from workstation.cli.main import app


def main() -> None:
    """Run the console command."""
    app()


if __name__ == "__main__":
    main()
