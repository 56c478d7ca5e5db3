"""What `loupe compare` does with what the engine measures: terminal, JSON and page."""
