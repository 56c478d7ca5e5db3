"""The operator's page: what the line does now, and the verdicts people give."""
