"""Invented parts without end: textures, light, camera; drawn on the device, the same by seed."""
