"""Pieces the methods are built from: backbones, embeddings, neighbours, coresets, maps."""
