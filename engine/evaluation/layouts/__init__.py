"""How data sets lie on disk: one file per layout, each saying what it looks for."""
