"""System: where pictures come from, and whether the station does well."""
