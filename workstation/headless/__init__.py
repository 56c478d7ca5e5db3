"""The station without people at it: who follows a run, what it tells, and how it ends."""
