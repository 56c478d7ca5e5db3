"""Whether a picture can tell anything about the part: light, focus, wholeness and position.

Looked at before the backbone runs, against the good pictures of the release's own fit.
"""
