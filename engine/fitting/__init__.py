"""Good pictures to a release: look, remember, hold out, calibrate, seal; in short steps."""

from engine.fitting.release import FEWEST_PICTURES, FitSteps, fit

__all__ = ["FEWEST_PICTURES", "FitSteps", "fit"]
