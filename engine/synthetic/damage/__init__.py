"""Damage drawn into any good picture, blended with it, with the place where it shows."""
