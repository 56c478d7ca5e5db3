"""The woven textile: tests texture."""
