"""How good a release is: labelled data sets, and figures that mean the same everywhere."""
