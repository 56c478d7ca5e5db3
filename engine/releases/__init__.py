"""Fitted models on disk: immutable, self-describing, hashed; written whole or not at all."""
