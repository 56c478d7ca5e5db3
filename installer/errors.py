"""What can go wrong while setting up."""


class SetupError(Exception):
    """The set-up cannot go on; the message says what happened and what to do."""
