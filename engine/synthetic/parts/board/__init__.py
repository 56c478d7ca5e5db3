"""The printed board: small parts and print, so that small defects matter."""
