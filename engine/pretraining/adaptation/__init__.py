"""A metric head adapted to one part: learned from its good pictures, with damage drawn into them.

No real defect is needed. A fifth of the parts and three kinds of damage are never learned from:
they decide whether the head is kept, and the limits of the release come from these parts alone.
"""
