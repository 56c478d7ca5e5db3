"""How the built-in backbone is made: trained on invented parts alone."""
