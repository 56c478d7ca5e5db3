"""The library that sees: frames in, inspections and fitted releases out; no window, no database."""
