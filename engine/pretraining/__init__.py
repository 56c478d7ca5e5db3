"""How the built-in backbone is made: a metric head, trained on invented parts alone."""
