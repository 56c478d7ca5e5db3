"""What can go wrong with the record. Every message is shown to people as it is."""


class RecordsError(Exception):
    """The record could not be read or written."""


class NoRecordError(RecordsError):
    """There is no record where one was looked for."""


class ForeignRecordError(RecordsError):
    """The database was made by a newer Loupe, or is not Loupe's at all."""


class OutdatedRecordError(RecordsError):
    """The database was made by an older Loupe and must be brought up to date first."""


class AlreadyRecorded(RecordsError):  # noqa: N818  (says what is the case, for who asks)
    """The very same file was inspected before, in the same attempt."""

    def __init__(self, message: str, *, inspection_id: int) -> None:
        super().__init__(message)
        self.inspection_id = inspection_id
