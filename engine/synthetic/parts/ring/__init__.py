"""The machined ring: tests objects that turn."""
