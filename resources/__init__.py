"""What the program shows and ships, read with importlib.resources: style, icons, weights."""
