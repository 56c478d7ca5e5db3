"""Pictures made by rule, from a seed: defects on any picture, and the simulator's parts."""
