"""Setting up the environment that Loupe runs in, with nothing but Python's standard library."""
