"""The record: every part that was inspected, what people said of it, and proof that it is whole."""
