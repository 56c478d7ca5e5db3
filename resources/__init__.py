"""What the program shows and ships: style, icons, built-in weights; read with importlib.resources."""
