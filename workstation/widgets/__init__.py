"""Shared and dumb: they show what they are given and say what was asked of them."""
