"""The station: people, screens and records around the engine that sees."""
