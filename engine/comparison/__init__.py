"""Methods and backbones on the same pictures: which is best, and whether the data can tell."""
